//! Which era the server speaks (ERA-1 … ERA-6, TRAP-1 … TRAP-3).

use std::time::Duration;

use mcp_client::{Client, ErrorKind, Limits, Revision};
use mcp_test_support::message::text;
use mcp_test_support::with;
use serde_json::{Value, json};

use crate::fake::{Fake, discovered, modern, modern_with};

#[tokio::test]
async fn a_modern_server_is_recognised_and_described() {
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.expect("server/discover").await;
        let meta = &probe["params"]["_meta"];
        assert_eq!(meta["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
        assert_eq!(
            meta["io.modelcontextprotocol/clientInfo"],
            json!({"name": "host", "version": "2"})
        );
        assert_eq!(meta["io.modelcontextprotocol/clientCapabilities"], json!({}));
        fake.reply(&probe, discovered()).await;
    };
    let connect = Client::builder().client_info("host", "2").connect(reader, writer);
    let (client, ()) = tokio::join!(connect, serve);
    let client = client.unwrap();
    assert_eq!(client.revision(), Revision::V2026_07_28);
    assert_eq!(client.server_info().unwrap().name, "fake");
    assert_eq!(client.instructions(), Some("be kind"));
    assert!(client.server_capabilities().tools.is_some());
}

#[tokio::test]
async fn any_other_error_is_legacy_whatever_its_code() {
    for (code, data) in [
        (-32601, Value::Null),
        (-32600, Value::Null),
        (-32602, json!({"supported": ["2026-07-28"]})),
        (-32603, Value::Null),
        (0, Value::Null),
        (-32022, Value::Null), // Without the versions it says nothing.
    ] {
        let ((reader, writer), mut fake) = Fake::new();
        let serve = async {
            let probe = fake.next().await;
            fake.refuse(&probe, code, data).await;
            let initialize = fake.initialize("2025-06-18").await;
            assert_eq!(initialize["params"]["protocolVersion"], "2025-11-25");
            assert!(initialize["params"].get("_meta").is_none());
        };
        let (client, ()) = tokio::join!(Client::connect(reader, writer), serve);
        assert_eq!(client.unwrap().revision(), Revision::V2025_06_18, "code {code}");
    }
}

#[tokio::test]
async fn a_result_that_is_none_of_discovery_is_legacy() {
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.next().await;
        fake.reply(&probe, json!({"ok": true})).await;
        fake.initialize("2025-03-26").await;
    };
    let (client, ()) = tokio::join!(Client::connect(reader, writer), serve);
    assert_eq!(client.unwrap().revision(), Revision::V2025_03_26);
}

#[tokio::test(start_paused = true)]
async fn silence_is_legacy_and_the_late_answer_goes_nowhere() {
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.expect("server/discover").await;
        // No cancellation before the handshake: a strict server would not bear it.
        let initialize = fake.expect("initialize").await;
        fake.refuse(&probe, -32601, Value::Null).await;
        let server = json!({"name": "slow", "version": "1"});
        fake.reply(
            &initialize,
            json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": server}),
        )
        .await;
        fake.expect("notifications/initialized").await;
        let ping = fake.expect("ping").await;
        fake.reply(&ping, json!({})).await;
    };
    let connect = async {
        let client = Client::connect(reader, writer).await.unwrap();
        client.ping().await.unwrap();
        client
    };
    let (client, ()) = tokio::join!(connect, serve);
    assert_eq!(client.revision(), Revision::V2025_11_25);
}

#[tokio::test(start_paused = true)]
async fn a_slow_modern_server_is_still_recognised() {
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.expect("server/discover").await;
        let initialize = fake.expect("initialize").await;
        fake.refuse(&initialize, -32601, Value::Null).await;
        fake.reply(&probe, discovered()).await;
    };
    let (client, ()) = tokio::join!(Client::connect(reader, writer), serve);
    assert_eq!(client.unwrap().revision(), Revision::V2026_07_28);
}

/// What a slow server does with the handshake that follows an unanswered probe.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Handshake {
    /// It answers after the probe.
    AnsweredLater,
    /// It answers before the probe.
    AnsweredFirst,
    /// It refuses, as a server that speaks 2026-07-28 alone.
    Refused,
    RefusedFirst,
}

#[tokio::test(start_paused = true)]
async fn a_slow_server_that_discovers_itself_is_modern_and_gets_one_handshake() {
    use Handshake::{AnsweredFirst, AnsweredLater, Refused, RefusedFirst};
    for case in [AnsweredLater, AnsweredFirst, Refused, RefusedFirst] {
        let ((reader, writer), mut fake) = Fake::new();
        let serve = async {
            let probe = fake.expect("server/discover").await;
            let initialize = fake.expect("initialize").await;
            // Longer than any timeout of the probe: a cold start.
            tokio::time::sleep(Duration::from_secs(20)).await;
            let server = json!({"name": "slow", "version": "1"});
            let agreed =
                json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": server});
            let data = json!({"supported": ["2026-07-28"], "requested": "2025-11-25"});
            match case {
                AnsweredFirst => fake.reply(&initialize, agreed.clone()).await,
                RefusedFirst => fake.refuse(&initialize, -32022, data.clone()).await,
                _ => {}
            }
            fake.reply(&probe, discovered()).await;
            match case {
                AnsweredLater => fake.reply(&initialize, agreed).await,
                Refused => fake.refuse(&initialize, -32022, data).await,
                _ => {}
            }
            // Neither a second handshake nor a notification of the first one.
            let call = fake.expect("tools/call").await;
            fake.reply(&call, text("hi")).await;
        };
        let call = async {
            let client = Client::connect(reader, writer).await.unwrap();
            assert_eq!(client.revision(), Revision::V2026_07_28, "{case:?}");
            client.call_tool("x", &()).await.unwrap();
        };
        tokio::join!(call, serve);
    }
}

#[tokio::test]
async fn a_revision_that_is_refused_later_is_probed_again() {
    // The server speaks it after all: one of several behind a name, during an upgrade.
    let (client, mut fake) = modern().await;
    let reply = with(client.call_tool("x", &json!({"n": 1})), async {
        let first = fake.expect("tools/call").await;
        fake.refuse(&first, -32022, json!({"supported": ["2025-11-25"]})).await;
        let probe = fake.expect("server/discover").await;
        fake.reply(&probe, discovered()).await;
        let again = fake.expect("tools/call").await;
        assert_ne!(again["id"], first["id"]);
        assert_eq!(again["params"], first["params"]);
        fake.reply(&again, text("done")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "done");

    // It does not.
    for answers_probe in [true, false] {
        let reply = with(client.call_tool("x", &()), async {
            let first = fake.expect("tools/call").await;
            fake.refuse(&first, -32022, json!({"supported": ["2025-11-25"]})).await;
            let probe = fake.expect("server/discover").await;
            if answers_probe {
                let mut now = discovered();
                now["supportedVersions"] = json!(["2025-11-25"]);
                fake.reply(&probe, now).await;
            } else {
                fake.refuse(&probe, -32022, json!({"supported": ["2025-11-25"]})).await;
            }
        });
        let error = reply.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedVersion);
        assert!(error.to_string().contains("speaks 2025-11-25; connect to it again"), "{error}");
    }
}

#[tokio::test]
async fn versions_that_are_named_are_chosen_from() {
    // −32022 with a legacy date means the handshake, not that date in `_meta`.
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.next().await;
        let data = json!({"supported": ["2099-01-01", "2025-06-18", "2025-03-26"], "requested": "2026-07-28"});
        fake.refuse(&probe, -32022, data).await;
        let initialize = fake.initialize("2025-06-18").await;
        assert_eq!(initialize["params"]["protocolVersion"], "2025-06-18");
    };
    let (client, ()) = tokio::join!(Client::connect(reader, writer), serve);
    assert_eq!(client.unwrap().revision(), Revision::V2025_06_18);

    // The same in a result.
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.next().await;
        fake.reply(&probe, json!({"supportedVersions": ["2025-11-25"], "capabilities": {}})).await;
        fake.initialize("2025-11-25").await;
    };
    let (client, ()) = tokio::join!(Client::connect(reader, writer), serve);
    assert_eq!(client.unwrap().revision(), Revision::V2025_11_25);
}

#[tokio::test]
async fn nothing_in_common_is_an_error_that_names_both_sides() {
    for supported in [json!(["2099-01-01"]), json!([])] {
        let ((reader, writer), mut fake) = Fake::new();
        let serve = async {
            let probe = fake.next().await;
            fake.refuse(&probe, -32022, json!({ "supported": supported })).await;
            assert!(fake.maybe_next().await.is_none(), "nothing else is tried");
        };
        let (client, ()) = tokio::join!(Client::connect(reader, writer), serve);
        let error = client.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsupportedVersion);
        assert!(error.to_string().contains("2025-11-25"), "{error}");
    }
}

#[tokio::test]
async fn a_version_that_is_refused_and_named_is_asked_once_more() {
    for pin in [None, Some(Revision::V2026_07_28)] {
        for refusals in [1, 2] {
            let ((reader, writer), mut fake) = Fake::new();
            let serve = async {
                for _ in 0..refusals {
                    let probe = fake.expect("server/discover").await;
                    fake.refuse(&probe, -32022, json!({ "supported": ["2026-07-28"] })).await;
                }
                match fake.maybe_next().await {
                    Some(probe) => fake.reply(&probe, discovered()).await,
                    None => assert_eq!(refusals, 2, "it is asked once more"),
                }
            };
            let builder =
                pin.map_or_else(Client::builder, |revision| Client::builder().revision(revision));
            let (client, ()) = tokio::join!(builder.connect(reader, writer), serve);
            match client {
                Ok(client) => assert_eq!((client.revision(), refusals), (Revision::V2026_07_28, 1)),
                Err(error) => {
                    assert_eq!((error.kind(), refusals), (ErrorKind::UnsupportedVersion, 2));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_missing_capability_is_a_modern_answer() {
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.next().await;
        fake.refuse(&probe, -32021, json!({"requiredCapabilities": {"roots": {}}})).await;
        assert!(fake.maybe_next().await.is_none());
    };
    let (client, ()) = tokio::join!(Client::connect(reader, writer), serve);
    assert_eq!(client.unwrap_err().peer().unwrap().code(), -32021);
}

#[tokio::test]
async fn a_pinned_revision_is_the_only_one() {
    // Legacy: no probe, and no other answer.
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let initialize = fake.expect("initialize").await;
        assert_eq!(initialize["params"]["protocolVersion"], "2025-03-26");
        let server = json!({"name": "s", "version": "1"});
        let result =
            json!({"protocolVersion": "2024-11-05", "capabilities": {}, "serverInfo": server});
        fake.reply(&initialize, result).await;
    };
    let connect = Client::builder().revision(Revision::V2025_03_26).connect(reader, writer);
    let (client, ()) = tokio::join!(connect, serve);
    assert_eq!(client.unwrap_err().kind(), ErrorKind::UnsupportedVersion);

    // Modern: no fallback.
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.next().await;
        fake.refuse(&probe, -32601, Value::Null).await;
        assert!(fake.maybe_next().await.is_none());
    };
    let connect = Client::builder().revision(Revision::V2026_07_28).connect(reader, writer);
    let (client, ()) = tokio::join!(connect, serve);
    assert_eq!(client.unwrap_err().kind(), ErrorKind::Peer);
}

#[tokio::test]
async fn an_unknown_revision_in_the_handshake_is_refused() {
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.next().await;
        fake.refuse(&probe, -32601, Value::Null).await;
        let initialize = fake.expect("initialize").await;
        let server = json!({"name": "s", "version": "1"});
        let result =
            json!({"protocolVersion": "1999-01-01", "capabilities": {}, "serverInfo": server});
        fake.reply(&initialize, result).await;
        assert!(fake.maybe_next().await.is_none());
    };
    let (client, ()) = tokio::join!(Client::connect(reader, writer), serve);
    assert_eq!(client.unwrap_err().kind(), ErrorKind::UnsupportedVersion);
}

#[tokio::test]
async fn a_server_that_hangs_up_is_a_transport_error() {
    let ((reader, writer), fake) = Fake::new();
    drop(fake);
    assert_eq!(Client::connect(reader, writer).await.unwrap_err().kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn dropping_the_client_closes_the_stream() {
    let (client, mut fake) = modern().await;
    let clone = client.clone();
    drop(client);
    let ping = tokio::spawn(async move { clone.discover().await });
    let request = fake.expect("server/discover").await;
    fake.reply(&request, discovered()).await;
    ping.await.unwrap().unwrap();
    assert!(fake.maybe_next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_close_its_side_is_waited_for_only_so_long() {
    let mut limits = Limits::new();
    limits.close_timeout = Duration::from_secs(3);
    let (client, mut fake) = modern_with(Client::builder().limits(limits)).await;
    let began = tokio::time::Instant::now();
    client.close().await;
    assert_eq!(began.elapsed().as_secs(), 3);
    assert!(fake.maybe_next().await.is_none(), "the client has closed its own");
}
