//! The handshake of the legacy era. Spec: basic/lifecycle.

use mcp_server::Revision;
use mcp_test_support::message::initialize_params;
use serde_json::{Value, json};

use crate::harness::{Client, LEGACY, Setup, Transport, built, each, server};

fn params(revision: &str) -> Value {
    initialize_params(revision, json!({}))
}

fn open(server: mcp_server::ServerBuilder, transport: Transport) -> Client {
    Setup::default().open(&built(server), transport, Revision::V2025_11_25)
}

#[tokio::test(start_paused = true)]
async fn a_known_revision_is_accepted() {
    for &transport in Transport::ALL {
        for revision in LEGACY {
            let client = open(server().instructions("Be kind."), transport);
            let result = client.raw("initialize", params(revision.as_str())).await.unwrap();
            assert_eq!(result["protocolVersion"], revision.as_str());
            assert_eq!(result["instructions"], "Be kind.");
            assert_eq!(result["serverInfo"]["name"], "test-server");
            assert_eq!(result["serverInfo"]["version"], "1.2.3");
            for modern in ["resultType", "ttlMs", "cacheScope", "_meta"] {
                assert_eq!(result.get(modern), None, "{modern} does not belong to this era");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_revision_is_answered_with_the_latest_legacy_one() {
    for &transport in Transport::ALL {
        for unknown in ["2023-01-01", "2099-01-01", "", "draft", "2026-07-28"] {
            let client = open(server(), transport);
            let result = client.raw("initialize", params(unknown)).await.unwrap();
            assert_eq!(result["protocolVersion"], "2025-11-25", "for {unknown:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_unsupported_revision_is_answered_with_the_latest_supported_one() {
    for &transport in Transport::ALL {
        let old = || server().revisions([Revision::V2024_11_05, Revision::V2025_03_26]);
        let result = open(old(), transport).raw("initialize", params("2025-11-25")).await.unwrap();
        assert_eq!(result["protocolVersion"], "2025-03-26");
        let result = open(old(), transport).raw("initialize", params("2024-11-05")).await.unwrap();
        assert_eq!(result["protocolVersion"], "2024-11-05");
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_initialize_is_refused_and_the_session_continues() {
    each(&LEGACY, server, async |client| {
        let error = client.err("initialize", params("2024-11-05")).await;
        assert_eq!((error.code, &*error.message), (-32600, "the session is already initialized"));
        assert_eq!(client.ok("ping", json!({})).await, json!({}));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn initialize_without_its_members_is_refused_and_can_be_repeated() {
    for &transport in Transport::ALL {
        let client = open(server(), transport);
        for member in ["protocolVersion", "capabilities", "clientInfo"] {
            let mut params = params("2025-11-25");
            params.as_object_mut().unwrap().shift_remove(member);
            let error = client.raw("initialize", params).await.unwrap_err();
            assert_eq!(error.code, -32602, "without {member}");
            assert!(error.message.contains(member), "{}", error.message);
        }
        client.raw("initialize", params("2025-11-25")).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_ping_may_come_before_the_handshake() {
    for &transport in Transport::CONNECTIONS {
        let client = open(server(), transport);
        assert_eq!(client.raw("ping", json!({})).await.unwrap(), json!({}));
        assert_eq!(client.raw("ping", json!({"_meta": {}})).await.unwrap(), json!({}));
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_of_another_request_before_the_handshake_says_what_is_missing() {
    for &transport in Transport::CONNECTIONS {
        let client = open(server().tools([]), transport);
        for method in ["tools/list", "tools/call", "resources/read", "logging/setLevel", "no/such"]
        {
            let error = client.raw(method, json!({})).await.unwrap_err();
            assert_eq!(error.code, -32602, "{method}");
            assert!(
                error.message.contains("io.modelcontextprotocol/protocolVersion"),
                "{}",
                error.message
            );
            assert!(error.message.contains("initialize"), "{}", error.message);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_sessions_names_its_revisions() {
    for &transport in Transport::CONNECTIONS {
        let client = open(server().revisions([Revision::V2026_07_28]), transport);
        let error = client.raw("initialize", params("2025-11-25")).await.unwrap_err();
        assert_eq!(error.code, -32601);
        assert!(error.message.contains("2026-07-28"), "{}", error.message);
        assert_eq!(
            error.data,
            Some(json!({"supported": ["2026-07-28"], "requested": "2025-11-25"}))
        );
        assert_eq!(client.raw("ping", json!({})).await.unwrap_err().code, -32602);
        assert_eq!(
            client.raw("server/discover", client.modern(json!({}))).await.unwrap()["resultType"],
            "complete"
        );
    }
}

/// A client that probes with `server/discover` must see that this server needs `initialize`: an
/// error of the modern era would make it stay in that era.
#[tokio::test(start_paused = true)]
async fn a_legacy_server_answers_like_one_that_does_not_know_the_modern_era() {
    for &transport in Transport::CONNECTIONS {
        let client = open(server().tools([]).revisions(LEGACY), transport);
        let error = client.raw("server/discover", client.modern(json!({}))).await.unwrap_err();
        assert_eq!(error.code, -32601);
        let error = client.raw("tools/list", client.modern(json!({}))).await.unwrap_err();
        assert_eq!(error.code, -32600);
        assert!(error.message.contains("initialize"), "{}", error.message);
        // It ignores `_meta` of the modern era, on `initialize` and later.
        let result = client.raw("initialize", client.modern(params("2025-06-18"))).await.unwrap();
        assert_eq!(result["protocolVersion"], "2025-06-18");
        let result = client.raw("tools/list", client.modern(json!({}))).await.unwrap();
        assert_eq!(result, json!({"tools": []}));
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_info_has_the_members_of_the_revision() {
    let server = || {
        server()
            .title("Test Server")
            .description("For tests.")
            .website_url("https://example.com")
            .icons([mcp_server::types::Icon::new("https://example.com/i.png")])
    };
    each(&Revision::ALL, server, async |client| {
        let info = if client.is_legacy() {
            let fresh = Setup::default().open(&built(server()), client.transport, client.revision);
            fresh.initialize().await.unwrap()["serverInfo"].clone()
        } else {
            let result = client.ok("server/discover", json!({})).await;
            result["_meta"]["io.modelcontextprotocol/serverInfo"].clone()
        };
        let mut expected = json!({"name": "test-server", "version": "1.2.3"});
        if client.revision >= Revision::V2025_06_18 {
            expected["title"] = json!("Test Server");
        }
        if client.revision >= Revision::V2025_11_25 {
            expected["description"] = json!("For tests.");
            expected["websiteUrl"] = json!("https://example.com");
            expected["icons"] = json!([{"src": "https://example.com/i.png"}]);
        }
        assert_eq!(info, expected);
    })
    .await;
}
