//! What users get wrong about a server on the network, and what the errors say of it.

use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::config::HostConfig;
use mcp_client::group::{GroupEvent, ServerState};
use mcp_client::http::{
    Authorizer, Binding, BoxError, Bytes, HeaderName, HeaderValue, Refusal, Request, Verdict,
    async_trait,
};
use mcp_client::{Client, ClientGroup, ConnectPhase, ErrorKind, Expired, Revision};
use mcp_test_support::{with, within_an_hour};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::script::{Script, discovered, modern, tools};

/// Refuses everything with a status, until the client gives up.
async fn refuse_all(script: &mut Script, status: u16) -> ! {
    loop {
        script.next().await.page(status, "text/plain", "nothing here");
    }
}

async fn refused(url: &str, status: u16) -> String {
    let (stack, mut script) = Script::new();
    let connecting = Client::builder().http_stack(stack).connect_http(url);
    tokio::select! {
        connected = connecting => {
            let error = connected.expect_err("it is refused");
            assert_eq!(error.refusal().map(|refusal| refusal.status()), Some(status));
            error.to_string()
        }
        _ = refuse_all(&mut script, status) => unreachable!(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_path_is_named_and_the_usual_one_proposed() {
    let error = refused("https://example.com/?key=secret", 404).await;
    assert!(error.contains("(https://example.com/?…)"), "{error}");
    assert!(error.contains("many servers are at https://example.com/mcp"), "{error}");
    assert!(!error.contains("secret"), "{error}");
    let error = refused("https://example.com:8443", 404).await;
    assert!(error.contains("many servers are at https://example.com:8443/mcp"), "{error}");
    // With a path, or another status, there is nothing to propose.
    let error = refused("https://example.com/api", 404).await;
    assert!(error.contains("(https://example.com/api)") && !error.contains("/mcp"), "{error}");
    assert!(!refused("https://example.com/", 405).await.contains("/mcp"));
}

#[tokio::test(start_paused = true)]
async fn the_challenge_and_the_body_of_a_refusal_can_be_read() {
    let (client, mut script) = modern(Client::builder()).await;
    for (status, kind) in [
        (401, ErrorKind::Unauthorized),
        (403, ErrorKind::Unauthorized),
        (403, ErrorKind::Transport),
    ] {
        let is_challenged = kind == ErrorKind::Unauthorized;
        let error = with(client.call_tool("pay", &()), async {
            let mut fields = vec![("content-type", "text/html")];
            if is_challenged {
                fields.push(("www-authenticate", "Basic realm=\"a\""));
                fields.push((
                    "www-authenticate",
                    "Bearer error=\"insufficient_scope\", scope=\"pay\"",
                ));
            }
            let exchange = script.expect("tools/call").await;
            exchange.begin(status, &fields).raw("<h1>no</h1>");
        });
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), kind);
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.status(), refusal.body()), (status, Some("<h1>no</h1>")));
        let scopes: Vec<_> = refusal
            .challenges()
            .iter()
            .filter_map(|it| Some(it.get("scope")?.to_owned()))
            .collect();
        assert_eq!(scopes, if is_challenged { vec!["pay"] } else { vec![] });
    }
    // A message is the answer of the server, and no refusal of the transport.
    let error = with(client.call_tool("pay", &()), async {
        script.expect("tools/call").await.refuse(403, -32003, json!(null));
    });
    assert!(error.await.unwrap_err().refusal().is_none());
}

/// Accepts connections, reads what comes first, and answers with bytes.
async fn serve_bytes(bytes: &'static [u8]) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4_096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

#[tokio::test]
async fn the_wrong_scheme_is_named() {
    let port = serve_bytes(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let error = Client::connect_http(format!("https://127.0.0.1:{port}/mcp")).await.unwrap_err();
    assert!(format!("{error:?}").contains("the URL begins with http://"), "{error:?}");
    // A fatal alert of TLS, which is what a TLS server makes of a plain request.
    let port = serve_bytes(b"\x15\x03\x01\x00\x02\x02\x46").await;
    let error = Client::connect_http(format!("http://127.0.0.1:{port}/mcp")).await.unwrap_err();
    assert!(format!("{error:?}").contains("the URL begins with https://"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn one_timeout_covers_all_of_connecting_and_names_the_phase() {
    let timeout = Duration::from_secs(20);
    let builder = || Client::builder().startup_timeout(timeout);
    // Discovery: nothing answers.
    let (stack, mut script) = Script::new();
    let connecting = builder().http_stack(stack).connect_http("https://example.com/mcp");
    let begun = tokio::time::Instant::now();
    let (error, _open) = tokio::join!(connecting, script.expect("server/discover"));
    let error = error.unwrap_err();
    assert_eq!(error.expired(), Some(Expired::Startup(ConnectPhase::Discovery)));
    assert_eq!((error.kind(), begun.elapsed()), (ErrorKind::Timeout, timeout));
    assert!(error.to_string().contains("ClientBuilder::startup_timeout"), "{error}");
    // The handshake, after discovery took a part of the time.
    let (stack, mut script) = Script::new();
    let connecting = builder().http_stack(stack).connect_http("https://example.com/mcp");
    let begun = tokio::time::Instant::now();
    let serve = async {
        let probe = script.expect("server/discover").await;
        tokio::time::sleep(Duration::from_secs(15)).await;
        probe.refuse(400, -32601, json!(null));
        script.expect("initialize").await
    };
    let (error, _open) = tokio::join!(connecting, serve);
    assert_eq!(error.unwrap_err().expired(), Some(Expired::Startup(ConnectPhase::Handshake)));
    assert_eq!(begun.elapsed(), timeout);
    // The stream of the older transport.
    let (stack, mut script) = Script::new();
    let connecting = builder().http_stack(stack).connect_http("https://example.com/mcp");
    let serve = async {
        script.expect("server/discover").await.status(404);
        tokio::time::sleep(Duration::from_secs(15)).await;
        script.expect("initialize").await.status(404);
        script.expect_bare("GET").await
    };
    let (error, _open) = tokio::join!(connecting, serve);
    let error = error.unwrap_err();
    assert_eq!(error.expired(), Some(Expired::Startup(ConnectPhase::OlderTransport)), "{error:?}");
}

/// An authorizer whose user takes his time.
struct Slow(Duration);

#[async_trait]
impl Authorizer for Slow {
    fn bind(&self, _: &Binding) -> Result<(), BoxError> {
        Ok(())
    }

    async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), BoxError> {
        tokio::time::sleep(self.0).await;
        let name = HeaderName::from_static("authorization");
        request.headers_mut().insert(name, HeaderValue::from_static("Bearer t"));
        Ok(())
    }

    async fn refused(&self, _: &Refusal) -> Result<Verdict, BoxError> {
        Ok(Verdict::GiveUp)
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_log_in_is_part_of_connecting_unless_it_is_excluded() {
    for exclude in [false, true] {
        let (stack, mut script) = Script::new();
        let connecting = Client::builder()
            .revision(Revision::V2026_07_28)
            .authorizer(Slow(Duration::from_secs(600)))
            .exclude_input_time(exclude)
            .startup_timeout(Duration::from_secs(20))
            .http_stack(stack)
            .connect_http("https://example.com/mcp");
        let serve = async {
            script.expect("server/discover").await.reply(discovered());
        };
        tokio::select! {
            connected = connecting => match exclude {
                true => assert!(connected.is_ok()),
                false => assert_eq!(
                    connected.unwrap_err().expired(),
                    Some(Expired::Startup(ConnectPhase::Authorization))
                ),
            },
            _ = async { serve.await; std::future::pending::<()>().await } => unreachable!(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_total_timeout_of_a_list_leaves_out_log_ins_between_its_pages() {
    let (stack, mut script) = Script::new();
    let builder = Client::builder()
        .revision(Revision::V2026_07_28)
        .authorizer(Slow(Duration::from_secs(400)))
        .exclude_input_time(true)
        .http_stack(stack);
    let serve = async {
        script.expect("server/discover").await.reply(discovered());
        for next in [json!("2"), json!("3"), json!(null)] {
            let mut page = tools(json!([]));
            page["nextCursor"] = next;
            script.expect("tools/list").await.reply(page);
        }
    };
    let list = async {
        let client = builder.connect_http("https://example.com/mcp").await.unwrap();
        client.list_tools().await
    };
    // Each page takes 400 s of a person; the total is 600 s.
    let (tools, ()) = tokio::join!(list, serve);
    assert_eq!(tools.unwrap().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_log_in_counts_for_a_server_of_a_file_unless_it_is_excluded() {
    let config =
        HostConfig::parse(r#"{"mcpServers": {"a": {"url": "https://example.com/mcp"}}}"#).unwrap();
    for exclude in [false, true] {
        let (stack, mut script) = Script::new();
        let started = ClientGroup::from_config(&config)
            .server_timeout(Duration::from_secs(20))
            .client(move |_, builder| {
                builder
                    .revision(Revision::V2026_07_28)
                    .authorizer(Slow(Duration::from_secs(600)))
                    .exclude_input_time(exclude)
                    .http_stack(stack.clone())
            })
            .start()
            .await;
        let mut events = started.group.notifications();
        if exclude {
            script.expect("server/discover").await.reply(discovered());
            assert!(matches!(events.next().await, Some(GroupEvent::Connected { .. })));
            continue;
        }
        let lost = async {
            loop {
                if let ServerState::Lost { reason, .. } = &started.group.servers()[0].state {
                    return reason.clone();
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        let reason = within_an_hour("the end of the attempt", lost).await;
        assert!(reason.contains("a user who logs in; `ConfigGroup::server_timeout`"), "{reason}");
    }
}
