//! How a client detects the era of a server over HTTP, and which answers prove nothing about it.

use std::time::Duration;

use mcp_client::http::Uri;
use mcp_client::{Client, ClientBuilder, Era, Error, ErrorKind, KnownServer, Revision};
use mcp_test_support::message::{initialized, response};
use serde_json::{Value, json};

use crate::script::{Exchange, Script, URL, discovered, shake_hands};

/// Connects, while the server answers.
async fn connect<T>(
    builder: ClientBuilder,
    serve: impl AsyncFnOnce(&mut Script) -> T,
) -> (Result<Client, Error>, T, Script) {
    let (stack, mut script) = Script::new();
    let (client, told) =
        tokio::join!(builder.http_stack(stack).connect_http(URL), serve(&mut script));
    (client, told, script)
}

/// Connects to a server with this answer to the probe, and then a handshake.
async fn falls_back(what: &str, answer: impl FnOnce(Exchange)) -> Client {
    let (client, _stream, _script) = connect(Client::builder(), async |script| {
        let probe = script.expect("server/discover").await;
        assert_eq!(probe.header("mcp-protocol-version"), Some("2026-07-28"));
        assert_eq!(probe.header("mcp-method"), Some("server/discover"));
        answer(probe);
        shake_hands(script, Some("s")).await
    })
    .await;
    let client = client.unwrap_or_else(|error| panic!("{what}: {error:?}"));
    assert_eq!(client.revision().era(), Era::Legacy, "{what}");
    client
}

/// Connects to a server with this answer to the probe, after which no request follows. Returns the
/// error.
async fn gives_up(what: &str, builder: ClientBuilder, answer: impl AsyncFn(&mut Script)) -> Error {
    let (client, (), mut script) = connect(builder, async |script| answer(script).await).await;
    let error = client.err().unwrap_or_else(|| panic!("{what}: no error"));
    script.expect_silence(Duration::from_secs(120)).await;
    error
}

#[tokio::test(start_paused = true)]
async fn a_server_that_discovers_is_modern() {
    let (client, (), mut script) = connect(Client::builder(), async |script| {
        let probe = script.expect("server/discover").await;
        let mut result = discovered();
        // Legacy revisions may be listed too (TRAP-1).
        result["supportedVersions"] = json!(["2025-11-25", "2026-07-28", "2099-01-01"]);
        probe.reply(result);
    })
    .await;
    let client = client.unwrap();
    assert_eq!(client.revision(), Revision::V2026_07_28);
    assert_eq!(
        serde_json::to_value(client.known_server()).unwrap(),
        json!({"revision": "2026-07-28", "httpSse": false})
    );
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_legacy_server_answers_to_the_probe_leads_to_the_handshake() {
    for status in [400, 402, 404, 405, 406, 415, 422] {
        falls_back(&format!("{status}"), |probe| probe.status(status)).await;
        falls_back(&format!("{status} with a page"), |probe| {
            probe.page(status, "text/html", "<h1>no</h1>");
        })
        .await;
        falls_back(&format!("{status} with JSON"), |probe| {
            probe.json(status, &json!({"error": "no"}));
        })
        .await;
    }
    // Whatever the code (ERA-3), and whatever the status.
    for code in [-32000, -32001, -32002, -32600, -32601, -32602, -32603, -32700, 1] {
        for status in [200, 400, 404] {
            falls_back(&format!("{code}, {status}"), |probe| {
                probe.refuse(status, code, Value::Null);
            })
            .await;
        }
    }
    // The error of a server that requires a session, without an id.
    falls_back("without an id", |probe| {
        let error = json!({"code": -32000, "message": "Bad Request: Server not initialized"});
        probe.json(400, &json!({"jsonrpc": "2.0", "error": error, "id": null}));
    })
    .await;
    // The versions that it lists are for the handshake.
    falls_back("-32022 of legacy versions", |probe| {
        probe.refuse(400, -32022, json!({"supported": ["2025-06-18", "2025-11-25"]}));
    })
    .await;
    falls_back("-32022 that names none", |probe| probe.refuse(400, -32022, Value::Null)).await;
    falls_back("legacy versions alone", |probe| {
        let mut result = discovered();
        result["supportedVersions"] = json!(["2025-11-25"]);
        probe.reply(result);
    })
    .await;
    falls_back("anything to everything", |probe| probe.reply(json!({"ok": true}))).await;
}

#[tokio::test(start_paused = true)]
async fn modern_errors_are_modern_servers() {
    let error = gives_up("-32022", Client::builder(), async |script| {
        let probe = script.expect("server/discover").await;
        probe.refuse(400, -32022, json!({"supported": ["2099-01-01"]}));
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::UnsupportedVersion);
    assert!(error.to_string().ends_with("the server speaks 2099-01-01"), "{error}");
    for code in [-32020, -32021] {
        let error = gives_up("a modern code", Client::builder(), async |script| {
            script.expect("server/discover").await.refuse(400, code, json!({}));
        })
        .await;
        assert_eq!(error.peer().unwrap().code(), code);
    }
}

#[tokio::test(start_paused = true)]
async fn responses_of_gateways_and_failures_say_nothing_about_the_era() {
    for (status, fields) in
        [(401, [("content-type", "text/html")]), (403, [("www-authenticate", "Bearer")])]
    {
        let error = gives_up("a login", Client::builder(), async |script| {
            let exchange = script.expect("server/discover").await;
            exchange.begin(status, &fields).raw("log in");
        })
        .await;
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error:?}");
        assert!(format!("{error:?}").contains("this client has no authorizer"), "{error:?}");
    }
    for status in [301, 302, 403, 407, 421, 500, 501, 520] {
        let error = gives_up("a status", Client::builder(), async |script| {
            script.expect("server/discover").await.status(status);
        })
        .await;
        assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
        assert_eq!(error.transport().unwrap().status(), Some(status));
    }
    // An error of a server that fails or forbids the request is no evidence either.
    for status in [403, 500] {
        let error = gives_up("a failure", Client::builder(), async |script| {
            script.expect("server/discover").await.refuse(status, -32603, json!(null));
        })
        .await;
        assert_eq!(error.transport().unwrap().status(), Some(status), "{error:?}");
    }
    // Transient failures are retried up to the limit.
    for status in [408, 425, 429, 502, 503, 504] {
        let error = gives_up("a bad time", Client::builder(), async |script| {
            for _ in 0..4 {
                script.expect("server/discover").await.status(status);
            }
        })
        .await;
        assert_eq!(error.transport().unwrap().status(), Some(status));
    }
    for answer in [Exchange::unreachable, drop, |exchange: Exchange| exchange.stream().cut()] {
        let error = gives_up("no answer", Client::builder(), async |script| {
            for _ in 0..4 {
                answer(script.expect("server/discover").await);
            }
        })
        .await;
        assert_eq!(error.kind(), ErrorKind::Transport, "{error:?}");
    }
    let error = gives_up("silence", Client::builder(), async |script| {
        script.expect("server/discover").await.dropped().await;
    })
    .await;
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pinned_revision_is_the_only_one() {
    for status in [400, 404, 405] {
        let builder = Client::builder().revision(Revision::V2026_07_28);
        let error = gives_up("pinned", builder, async |script| {
            script.expect("server/discover").await.status(status);
        })
        .await;
        assert_eq!(error.transport().unwrap().status(), Some(status));
    }
    for revision in Revision::ALL.into_iter().filter(|revision| revision.era() == Era::Legacy) {
        let (client, (), _script) = connect(Client::builder().revision(revision), async |script| {
            let exchange = script.expect("initialize").await;
            assert_eq!(exchange.message()["params"]["protocolVersion"], revision.as_str());
            assert_eq!(exchange.header("mcp-protocol-version"), None, "it is what is asked");
            exchange.reply(initialized(revision.as_str()));
            let noted = script.expect("notifications/initialized").await;
            assert_eq!(noted.header("mcp-protocol-version"), Some(revision.as_str()));
            noted.status(202);
        })
        .await;
        assert_eq!(client.unwrap().revision(), revision);
    }
}

#[tokio::test(start_paused = true)]
async fn a_known_server_is_not_probed_while_it_is_the_same() {
    let known = |revision: &str| -> KnownServer {
        serde_json::from_value(json!({"revision": revision})).unwrap()
    };
    let legacy = || Client::builder().known_server(known("2025-11-25"));
    let (client, _stream, _script) =
        connect(legacy(), async |script| shake_hands(script, None).await).await;
    assert_eq!(client.unwrap().revision(), Revision::V2025_11_25);

    // The server was replaced by another one.
    for answer in [
        |exchange: Exchange| exchange.status(404),
        |exchange: Exchange| exchange.refuse(400, -32022, json!({"supported": ["2026-07-28"]})),
        |exchange: Exchange| exchange.refuse(404, -32601, Value::Null),
    ] {
        let (client, (), _script) = connect(legacy(), async |script| {
            answer(script.expect("initialize").await);
            script.expect("server/discover").await.reply(discovered());
        })
        .await;
        let client = client.unwrap();
        assert_eq!(client.revision(), Revision::V2026_07_28);
    }
    // A transient failure says nothing about the server.
    let error = gives_up("unavailable", legacy(), async |script| {
        script.expect("initialize").await.status(500);
    })
    .await;
    assert_eq!(error.transport().unwrap().status(), Some(500));
    // A modern server is asked for its capabilities.
    let builder = Client::builder().known_server(known("2026-07-28"));
    let (client, (), _script) = connect(builder, async |script| {
        script.expect("server/discover").await.reply(discovered());
    })
    .await;
    assert_eq!(client.unwrap().revision(), Revision::V2026_07_28);
}

#[tokio::test(start_paused = true)]
async fn a_session_id_that_cannot_be_sent_back_is_refused() {
    for id in ["a b", ""] {
        let builder = Client::builder().revision(Revision::V2025_11_25);
        let error = gives_up("a bad session id", builder, async |script| {
            let exchange = script.expect("initialize").await;
            let message = response(&exchange.id(), initialized("2025-11-25"));
            let fields = [("content-type", "application/json"), ("mcp-session-id", id)];
            exchange.begin(200, &fields).raw(message.to_string());
        })
        .await;
        assert!(
            format!("{error:?}")
                .contains("the server's session id has other characters than visible ASCII"),
            "{error:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn urls_that_are_not_of_a_server_are_refused_with_the_reason() {
    for (url, told) in [
        ("example.com/mcp", "it must begin with http:// or https://"),
        ("ftp://example.com", "it must begin with http:// or https://"),
        ("https://user:pass@example.com/mcp", "it has user information"),
        ("https://example.com/mcp#top", "it has a fragment"),
        ("https:///mcp", "it is not a valid URL"),
        ("", "it must begin with http:// or https://"),
    ] {
        let error = Client::builder().connect_http(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(told), "{url}: {error}");
        assert!(!error.to_string().contains("pass@"), "{error}");
    }
    let _: Uri = URL.parse().unwrap();
}
