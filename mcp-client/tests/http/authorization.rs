//! Credentials: on every request, on no other origin, and replaced when the server refuses them.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::poll_immediate;
use mcp_client::http::{
    Authorizer, BearerToken, Binding, BoxError, Bytes, Endpoint, HeaderMap, Refusal, Request,
    StatusCode, Verdict, async_trait,
};
use mcp_client::types::SubscriptionFilter;
use mcp_client::{Client, ErrorKind};
use mcp_test_support::message::text;
use mcp_test_support::with;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::script::{Script, URL, discovered, legacy, modern};

/// What the authorizer has seen.
#[derive(Default)]
struct Seen {
    tokens: u32,
    refusals: Vec<String>,
    requests: Vec<String>,
    heads: Vec<u16>,
}

/// Has another token each time that the last one is refused.
#[derive(Clone, Default)]
struct Tokens {
    seen: Arc<Mutex<Seen>>,
    login: Duration,
    /// How long it takes to put credentials on a request.
    wait: Duration,
    gives_up: bool,
    fails: bool,
}

impl Tokens {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("no panic")
    }
}

#[async_trait]
impl Authorizer for Tokens {
    fn bind(&self, binding: &Binding) -> Result<(), BoxError> {
        assert_eq!(binding.endpoint().as_str(), URL, "byte for byte");
        Ok(())
    }

    async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), BoxError> {
        let token = {
            let mut seen = self.seen();
            seen.requests.push(format!(
                "{} {} {}",
                request.method(),
                request.uri(),
                request.body().len()
            ));
            format!("Bearer token-{}", seen.tokens)
        };
        request.headers_mut().insert("authorization", token.parse().expect("visible ASCII"));
        if !self.wait.is_zero() {
            sleep(self.wait).await;
        }
        Ok(())
    }

    async fn refused(&self, refusal: &Refusal) -> Result<Verdict, BoxError> {
        sleep(self.login).await;
        let mut seen = self.seen();
        seen.tokens += 1;
        seen.refusals.push(format!(
            "{} {:?} {:?} {:?} {:?} {}",
            refusal.status,
            refusal.headers.get("www-authenticate"),
            refusal.authorization.as_ref().map(|value| value.to_str().expect("visible ASCII")),
            refusal.method,
            refusal.name,
            refusal.attempt,
        ));
        assert!(!format!("{refusal:?}").contains("token-"), "{refusal:?}");
        if self.fails {
            return Err("the user closed the window".into());
        }
        Ok(if self.gives_up { Verdict::GiveUp } else { Verdict::Retry })
    }

    fn answered(&self, status: StatusCode, _: &HeaderMap) {
        self.seen().heads.push(status.as_u16());
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_is_sent_again_with_other_credentials() {
    let tokens = Tokens::default();
    let (client, mut script) = modern(Client::builder().authorizer(tokens.clone())).await;
    let reply = with(client.call_tool("pay", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        assert_eq!(exchange.header("authorization"), Some("Bearer token-0"));
        let id = exchange.id();
        drop(exchange.begin(401, &[("www-authenticate", "Bearer scope=\"pay\"")]));
        let exchange = script.expect("tools/call").await;
        assert_eq!((exchange.header("authorization"), exchange.id()), (Some("Bearer token-1"), id));
        drop(exchange.begin(403, &[]));
        let exchange = script.expect("tools/call").await;
        assert_eq!(exchange.header("authorization"), Some("Bearer token-2"));
        exchange.reply(text("paid"));
    });
    assert_eq!(reply.await.unwrap().text(), "paid");
    let seen = tokens.seen();
    assert_eq!(
        seen.refusals,
        [
            r#"401 Unauthorized Some("Bearer scope=\"pay\"") Some("Bearer token-0") Some("tools/call") Some("pay") 0"#,
            r#"403 Forbidden None Some("Bearer token-1") Some("tools/call") Some("pay") 1"#,
        ]
    );
    assert_eq!(seen.heads, [200, 401, 403, 200]);
}

#[tokio::test(start_paused = true)]
async fn refusals_end_at_the_limit_by_the_verdict_or_by_a_failure() {
    // The limit.
    let (client, mut script) = modern(Client::builder().authorizer(Tokens::default())).await;
    let refused = with(client.call_tool("pay", &json!({})), async {
        for _ in 0..5 {
            script.expect("tools/call").await.page(401, "text/html", "log in");
        }
    });
    let error = refused.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(
        format!("{error:?}").contains("401 (Unauthorized), and its credentials were not enough"),
        "{error:?}"
    );
    script.expect_silence(Duration::from_secs(60)).await;

    for (tokens, status, told) in [
        (
            Tokens { gives_up: true, ..Tokens::default() },
            401,
            "the server answered 401 (Unauthorized), and its credentials were not enough",
        ),
        (
            Tokens { fails: true, ..Tokens::default() },
            401,
            "authorization failed: the user closed the window",
        ),
    ] {
        let (client, mut script) = modern(Client::builder().authorizer(tokens)).await;
        let refused = with(client.call_tool("pay", &json!({})), async {
            script.expect("tools/call").await.status(status);
        });
        let error = refused.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert!(format!("{error:?}").ends_with(told), "{error:?}");
        script.expect_silence(Duration::from_secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_without_a_challenge_is_reported_as_the_server_wrote_it() {
    let gives_up = || Tokens { gives_up: true, ..Tokens::default() };
    for builder in [Client::builder(), Client::builder().authorizer(gives_up())] {
        let (client, mut script) = modern(builder).await;
        let refused = with(client.call_tool("pay", &json!({})), async {
            let exchange = script.expect("tools/call").await;
            exchange.page(403, "text/plain", "Invalid Host header\n");
        });
        let error = refused.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
        let error = error.transport().unwrap();
        assert_eq!(error.status(), Some(403));
        assert_eq!(error.to_string(), "the server answered 403 (Forbidden): Invalid Host header");

        let refused = with(client.call_tool("pay", &json!({})), async {
            script.expect("tools/call").await.refuse(403, -32003, json!({"tenant": 7}));
        });
        let error = refused.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Peer, "{error:?}");
        assert_eq!(error.peer().unwrap().code(), -32003);
        script.expect_silence(Duration::from_secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_with_a_challenge_needs_authorization_and_shows_the_servers_words() {
    let (client, mut script) = modern(Client::builder()).await;
    let challenge = ("www-authenticate", "Bearer error=\"insufficient_scope\"");
    for (status, fields) in [
        (401, vec![("content-type", "text/plain")]),
        (401, vec![("content-type", "text/plain"), challenge]),
        (403, vec![("content-type", "text/plain"), challenge]),
        (403, vec![("content-type", "application/json"), challenge]),
    ] {
        let refused = with(client.call_tool("pay", &json!({})), async {
            let exchange = script.expect("tools/call").await;
            let error = json!({"jsonrpc": "2.0", "id": exchange.id(), "error": {"code": 1, "message": "ask the owner"}});
            let is_json = fields[0].1 == "application/json";
            let body = if is_json { error.to_string() } else { "ask the owner".to_owned() };
            exchange.begin(status, &fields).raw(body);
        });
        let error = refused.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:?}");
        let error = error.transport().unwrap().to_string();
        assert!(error.contains("and this client has no authorizer"), "{error}");
        assert!(error.contains("ask the owner"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_log_in_does_not_count_as_silence_of_the_server() {
    let tokens = Tokens { login: Duration::from_secs(300), ..Tokens::default() };
    let (client, mut script) = modern(Client::builder().authorizer(tokens.clone())).await;
    let before = Instant::now();
    let reply = with(client.call_tool("pay", &json!({})), async {
        script.expect("tools/call").await.status(401);
        let exchange = script.expect("tools/call").await;
        sleep(Duration::from_secs(50)).await; // The server's own time begins again.
        exchange.reply(text("paid"));
    });
    assert_eq!(reply.await.unwrap().text(), "paid");
    assert_eq!(before.elapsed().as_secs(), 350);

    // It counts for the total timeout.
    let late =
        with(client.call_tool("pay", &json!({})).total_timeout(Duration::from_secs(100)), async {
            script.expect("tools/call").await.status(401);
        });
    assert_eq!(late.await.unwrap_err().kind(), ErrorKind::Timeout);

    // A subscription waits too.
    let filter = SubscriptionFilter::new().tools_list_changed(true);
    let serve = async {
        script.expect("subscriptions/listen").await.status(401);
        let exchange = script.expect("subscriptions/listen").await;
        let meta = json!({"io.modelcontextprotocol/subscriptionId": exchange.id()});
        let stream = exchange.stream();
        let params = json!({"notifications": {"toolsListChanged": true}, "_meta": meta});
        stream.tell("notifications/subscriptions/acknowledged", params);
        stream
    };
    let (subscription, stream) = tokio::join!(client.subscribe(filter), serve);
    assert_eq!(subscription.unwrap().acknowledged().tools_list_changed, Some(true));
    drop(stream);

    // It does not end the handshake either.
    let tokens = Tokens { login: Duration::from_secs(300), ..Tokens::default() };
    let (stack, mut script) = Script::new();
    let builder = Client::builder()
        .revision(mcp_client::Revision::V2025_11_25)
        .authorizer(tokens)
        .http_stack(stack);
    let serve = async {
        let exchange = script.expect("initialize").await;
        exchange.reply(mcp_test_support::message::initialized("2025-11-25"));
        script.expect("notifications/initialized").await.status(401);
        script.expect("notifications/initialized").await.status(202);
        script.expect_bare("GET").await.status(405);
    };
    let (client, ()) = tokio::join!(builder.connect_http(URL), serve);
    client.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_time_of_another_calls_log_in_does_not_count_either() {
    let tokens = Tokens { wait: Duration::from_secs(300), ..Tokens::default() };
    let (client, mut script) = modern(Client::builder().authorizer(tokens)).await;
    let before = Instant::now();
    let reply = with(client.call_tool("pay", &json!({})), async {
        script.expect("tools/call").await.reply(text("paid"));
    });
    assert_eq!(reply.await.unwrap().text(), "paid");
    assert_eq!(before.elapsed().as_secs(), 300);
}

#[tokio::test(start_paused = true)]
async fn no_user_has_to_log_in_to_end_a_session() {
    for status in [401, 403] {
        let tokens = Tokens { login: Duration::from_secs(1), ..Tokens::default() };
        let (client, mut script, standalone) =
            legacy(Client::builder().authorizer(tokens.clone())).await;
        standalone.status(405);
        let farewell = async {
            script.expect_bare("DELETE").await.status(status);
        };
        tokio::join!(client.close(), farewell);
        script.expect_silence(Duration::from_secs(60)).await;
        assert!(tokens.seen().refusals.is_empty(), "{:?}", tokens.seen().refusals);
    }
}

#[tokio::test(start_paused = true)]
async fn every_request_has_credentials_and_they_stay_on_the_origin() {
    let tokens = Tokens::default();
    let (client, mut script, standalone) =
        legacy(Client::builder().authorizer(tokens.clone())).await;
    assert_eq!(standalone.header("authorization"), Some("Bearer token-0"));
    let stream = standalone.stream();
    stream.ask(&json!(1), "ping", json!({}));
    let answer = script.next().await;
    assert_eq!(answer.header("authorization"), Some("Bearer token-0"));
    answer.status(202);
    let refused = with(client.call_tool("pay", &json!({})), async {
        script.expect("tools/call").await.redirect(308, "/v2?a=b");
        let exchange = script.expect("tools/call").await;
        assert_eq!(exchange.header("authorization"), Some("Bearer token-0"));
        exchange.redirect(307, "https://evil.example/v2");
    });
    let error = refused.await.unwrap_err();
    assert!(format!("{error:?}").contains("to another origin"), "{error:?}");
    let call = tokio::spawn(client.call_tool("pay", &json!({})).into_future());
    drop(script.expect("tools/call").await.stream());
    call.await.unwrap().unwrap_err();
    let farewell = async {
        let exchange = script.expect_bare("DELETE").await;
        assert_eq!(exchange.header("authorization"), Some("Bearer token-0"));
        exchange.status(200);
    };
    tokio::join!(client.close(), farewell);
    script.expect_silence(Duration::from_secs(60)).await;
    // It saw each request as it was sent.
    let seen = tokens.seen();
    assert!(
        seen.requests.iter().any(|request| request.starts_with("POST https://example.com/v2?a=b "))
    );
    assert!(seen.requests.iter().all(|request| !request.contains("evil")), "{:?}", seen.requests);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_refused_asks_for_one_log_in_only() {
    for (gives_up, status) in [(true, 401), (true, 403), (false, 401)] {
        let tokens = Tokens { gives_up, fails: !gives_up, ..Tokens::default() };
        let (client, mut script, standalone) =
            legacy(Client::builder().authorizer(tokens.clone())).await;
        standalone.status(status);
        script.expect_silence(Duration::from_secs(3_600)).await;
        assert_eq!(tokens.seen().refusals.len(), 1);
        drop(client);
    }
}

/// Fails at the first refusal, and has credentials at the next ones.
#[derive(Clone, Default)]
struct FailsOnce(Arc<AtomicBool>);

#[async_trait]
impl Authorizer for FailsOnce {
    fn bind(&self, _: &Binding) -> Result<(), BoxError> {
        Ok(())
    }

    async fn authorize(&self, _: &mut Request<Bytes>) -> Result<(), BoxError> {
        Ok(())
    }

    async fn refused(&self, _: &Refusal) -> Result<Verdict, BoxError> {
        let has_failed = self.0.swap(true, Ordering::Relaxed);
        if has_failed { Ok(Verdict::Retry) } else { Err("not now".into()) }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_refused_is_tried_again_with_other_credentials() {
    let builder = Client::builder().authorizer(FailsOnce::default());
    let (client, mut script, standalone) = legacy(builder).await;
    let mut subscribing =
        pin!(client.subscribe(SubscriptionFilter::new().tools_list_changed(true)));
    assert!(poll_immediate(&mut subscribing).await.is_none());
    standalone.status(401);
    let mut subscription = subscribing.await.unwrap();
    assert_eq!(subscription.next().await, None);
    let error = subscription.error().expect("it did not end in the proper way");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);

    // A call that succeeds does not mean that another log-in would.
    let reply = with(client.call_tool("add", &json!({})), async {
        script.expect("tools/call").await.reply(text("3"));
    });
    assert_eq!(reply.await.unwrap().text(), "3");
    script.expect_silence(Duration::from_secs(3_600)).await;
    // A call that gets other credentials does.
    let reply = with(client.call_tool("add", &json!({})), async {
        script.expect("tools/call").await.status(401);
        script.expect("tools/call").await.reply(text("3"));
    });
    assert_eq!(reply.await.unwrap().text(), "3");
    script.expect_bare("GET").await.stream();
}

#[tokio::test(start_paused = true)]
async fn a_bearer_token_is_sent_and_never_shown() {
    let token = BearerToken::new("s3cret").unwrap();
    assert_eq!(format!("{token:?}"), "BearerToken(***)");
    for (text, says) in [
        ("a\nb", "byte 1 of the bearer token is a control character"),
        ("s3cret\n", "byte 6 of the bearer token"),
        ("", "the bearer token is empty"),
        (" ", "the bearer token is empty"),
    ] {
        let error = BearerToken::new(text).unwrap_err().to_string();
        assert!(error.starts_with(says) && !error.contains("s3cret"), "{error}");
    }
    let (stack, mut script) = Script::new();
    let builder = Client::builder().authorizer(token).http_stack(stack);
    let serve = async {
        let exchange = script.expect("server/discover").await;
        assert_eq!(exchange.header("authorization"), Some("Bearer s3cret"));
        assert!(
            !format!("{:?}", exchange.request.headers()).contains("s3cret"),
            "it is marked as sensitive"
        );
        exchange.reply(discovered());
    };
    let (client, ()) = tokio::join!(builder.connect_http(URL), serve);
    let client = client.unwrap();
    let refused = with(client.call_tool("pay", &json!({})), async {
        script.expect("tools/call").await.status(401);
    });
    let error = refused.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(!format!("{error:?} {client:?}").contains("s3cret"));
    script.expect_silence(Duration::from_secs(60)).await;
}

/// Serves no server.
struct Stranger;

#[async_trait]
impl Authorizer for Stranger {
    fn bind(&self, _: &Binding) -> Result<(), BoxError> {
        Err("the token is for another server".into())
    }

    async fn authorize(&self, _: &mut Request<Bytes>) -> Result<(), BoxError> {
        Err("no token".into())
    }

    async fn refused(&self, _: &Refusal) -> Result<Verdict, BoxError> {
        Ok(Verdict::Retry)
    }
}

#[tokio::test(start_paused = true)]
async fn an_authorizer_of_another_server_sends_nothing() {
    let (stack, mut script) = Script::new();
    let error = Client::builder()
        .authorizer(Stranger)
        .http_stack(stack)
        .connect_http(URL)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(format!("{error:?}").ends_with("the token is for another server"), "{error:?}");
    script.expect_silence(Duration::from_secs(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_token_crosses_the_network_unencrypted_only_if_that_is_allowed() {
    let token = BearerToken::new("s3cret").unwrap();
    for (url, allowed) in [
        ("http://example.com/mcp", false),
        ("http://10.0.0.7/mcp", false),
        ("http://localhost.example.com/mcp", false),
        ("https://example.com/mcp", true),
        ("http://localhost:8080/mcp", true),
        ("http://127.0.0.1:8080/mcp", true),
        ("http://[::1]:8080/mcp", true),
    ] {
        let endpoint = Binding::new(Endpoint::parse(url).unwrap());
        assert_eq!(token.bind(&endpoint).is_ok(), allowed, "{url}");
        assert!(token.clone().over_plain_http().bind(&endpoint).is_ok(), "{url}");
    }
    let refused = Client::builder()
        .authorizer(token)
        .connect_http("http://example.com/mcp")
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unauthorized);
    let told = format!("{refused:?}");
    assert!(told.contains("over_plain_http") && !told.contains("s3cret"), "{told}");
}
