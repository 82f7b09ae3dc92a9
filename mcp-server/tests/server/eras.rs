//! Both eras on one server, decided for each message, and the `_meta` that a modern request needs.
//! Spec: basic (per-request fields), basic/versioning, server/discover.

use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Revision, ServerBuilder};
use mcp_test_support::message::initialize_params;
use serde_json::{Value, json};

use crate::harness::{Client, MODERN, Setup, Transport, built, each, each_of, server};

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const CLIENT: &str = "io.modelcontextprotocol/clientInfo";
const SERVER: &str = "io.modelcontextprotocol/serverInfo";

/// A tool that returns the revision of its call and the name of the client.
fn reporting() -> ServerBuilder {
    server().tool(ToolRoute::builder("report").handler(|context: Context| async move {
        let client =
            context.client_info().map_or_else(|| "unknown".to_owned(), |client| client.name);
        format!("{} {client} sampling={}", context.revision(), context.can_sample())
    }))
}

fn meta(members: &[(&str, Value)]) -> Value {
    let members = members.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
    json!({ "_meta": Value::Object(members.collect()) })
}

async fn refused(client: &Client, params: Value) -> crate::harness::Failure {
    client.raw("server/discover", params).await.unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn discover_returns_versions_capabilities_and_cache_fields() {
    let server = || reporting().instructions("Read me.");
    each(&MODERN, server, async |client| {
        let result = client.ok("server/discover", json!({})).await;
        assert_eq!(
            result,
            json!({
                "resultType": "complete",
                "_meta": {SERVER: {"name": "test-server", "version": "1.2.3"}},
                "supportedVersions": ["2026-07-28"],
                "capabilities": {"logging": {}, "tools": {"listChanged": true}},
                "instructions": "Read me.",
                "ttlMs": 0,
                "cacheScope": "private",
            })
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_modern_request_must_declare_capabilities() {
    each(&MODERN, server, async |client| {
        let error = refused(&client, meta(&[(VERSION, json!("2026-07-28"))])).await;
        assert_eq!(error.code, -32602);
        assert!(error.message.contains(CAPABILITIES), "{}", error.message);
        if Transport::CONNECTIONS.contains(&client.transport) {
            let error = refused(&client, meta(&[(CAPABILITIES, json!({}))])).await;
            assert_eq!(error.code, -32602);
            assert!(error.message.contains(VERSION), "{}", error.message);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_modern_request_does_not_need_client_info() {
    each(&MODERN, reporting, async |client| {
        let params = json!({"name": "report", "_meta": {VERSION: "2026-07-28", CAPABILITIES: {}}});
        let result = client.raw("tools/call", params).await.unwrap();
        assert_eq!(result["content"][0]["text"], "2026-07-28 unknown sampling=false");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn members_of_meta_must_have_their_types() {
    // Over HTTP, a request without a version needs a session.
    each_of(Transport::CONNECTIONS, &MODERN, server, async |client| {
        for (key, wrong) in [
            (VERSION, json!(20260728)),
            (VERSION, Value::Null),
            (CAPABILITIES, json!([])),
            (CLIENT, json!("me")),
            ("progressToken", json!(1.5)),
            ("io.modelcontextprotocol/logLevel", json!("loud")),
        ] {
            let mut params = meta(&[(VERSION, json!("2026-07-28")), (CAPABILITIES, json!({}))]);
            params["_meta"][key] = wrong.clone();
            let error = refused(&client, params).await;
            assert_eq!(error.code, -32602, "{key}: {wrong}");
            assert!(error.message.contains(key), "{}", error.message);
        }
        assert_eq!(refused(&client, json!({"_meta": 5})).await.code, -32602);
    })
    .await;
}

/// A capability that is not an object is refused, and one that is malformed inside is ignored.
/// Neither affects the others.
#[tokio::test(start_paused = true)]
async fn a_malformed_capability_does_not_affect_the_others() {
    let server = || {
        server().tool(ToolRoute::builder("can").handler(|context: Context| async move {
            let tasks = context.client_capabilities().tasks.is_some();
            format!("{} {} {tasks}", context.can_elicit(), context.can_sample())
        }))
    };
    each(&MODERN, server, async |client| {
        let params = |capabilities: Value| {
            json!({
                "name": "can",
                "_meta": {VERSION: "2026-07-28", CAPABILITIES: capabilities},
            })
        };
        for (name, wrong) in [("sampling", json!(7)), ("roots", json!(true)), ("tasks", json!([]))]
        {
            let capabilities = json!({"elicitation": {}, (name): wrong});
            let error = client.raw("tools/call", params(capabilities)).await.unwrap_err();
            assert_eq!(error.code, -32602, "{name}");
            let message = format!("params._meta[\"{CAPABILITIES}\"].{name} must be an object");
            assert_eq!(error.message, message);
        }
        for (capabilities, can) in [
            (json!({"elicitation": {}, "sampling": {"tools": 7}, "tasks": {}}), "true false true"),
            (json!({"elicitation": {"form": []}, "sampling": {}}), "false true false"),
            (json!({"elicitation": {}, "sampling": {}, "tasks": {"list": 1}}), "true true false"),
            (json!({"elicitation": {}, "sampling": null}), "true false false"),
            (json!({"elicitation": {}, "sampling": {}, "com.example": 1}), "true true false"),
        ] {
            let result = client.raw("tools/call", params(capabilities.clone())).await.unwrap();
            assert_eq!(result["content"][0]["text"], can, "{capabilities}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_unsupported_version_is_answered_with_the_supported_ones() {
    each(&MODERN, server, async |client| {
        for version in ["2099-01-01", "", "2025-11-25", "2024-11-05"] {
            let error =
                refused(&client, meta(&[(VERSION, json!(version)), (CAPABILITIES, json!({}))]))
                    .await;
            assert_eq!(error.code, -32022);
            let data = error.data.unwrap();
            assert_eq!(data, json!({"supported": ["2026-07-28"], "requested": version}));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn initialize_with_modern_meta_is_an_unknown_method() {
    each(&MODERN, server, async |client| {
        let params = initialize_params("2025-11-25", json!({}));
        assert_eq!(client.err("initialize", params).await.code, -32601);
        assert_eq!(client.err("ping", json!({})).await.code, -32601);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_message_on_a_connection_decides_its_era() {
    for &transport in Transport::ALL {
        let setup = Setup::default().capabilities(json!({"sampling": {}}));
        let client = setup.connect(&built(reporting()), transport, Revision::V2025_03_26).await;
        let params = json!({"name": "report"});
        let modern = json!({"_meta": {VERSION: "2026-07-28", CAPABILITIES: {}, CLIENT: {"name": "other", "version": "1"}}, "name": "report"});
        for _ in 0..3 {
            let old = client.raw("tools/call", params.clone()).await.unwrap();
            assert_eq!(old["content"][0]["text"], "2025-03-26 test-client sampling=true");
            assert_eq!(old.get("resultType"), None);
            // The capabilities and the name of the session do not apply here (ST-6).
            let new = client.raw("tools/call", modern.clone()).await.unwrap();
            assert_eq!(new["content"][0]["text"], "2026-07-28 other sampling=false");
            assert_eq!(new["resultType"], "complete");
        }
        let error = client
            .raw("resources/subscribe", client.modern(json!({"uri": "a://b"})))
            .await
            .unwrap_err();
        assert_eq!(error.code, -32601, "a legacy method");
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_can_start_after_modern_requests() {
    for &transport in Transport::CONNECTIONS {
        let client = Setup::default().open(&built(reporting()), transport, Revision::V2024_11_05);
        client.raw("server/discover", client.modern(json!({}))).await.unwrap();
        assert_eq!(
            client.raw("tools/list", json!({})).await.unwrap_err().code,
            -32602,
            "there is no session"
        );
        client.initialize().await.unwrap();
        assert!(client.raw("tools/list", json!({})).await.unwrap().get("resultType").is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn every_modern_result_has_its_type_and_the_server_info() {
    let server = || reporting().prompts([]).resources([]);
    each(&MODERN, server, async |client| {
        for (method, params) in [
            ("tools/list", json!({})),
            ("prompts/list", json!({})),
            ("resources/list", json!({})),
            ("resources/templates/list", json!({})),
            ("tools/call", json!({"name": "report"})),
        ] {
            let result = client.ok(method, params).await;
            assert_eq!(result["resultType"], "complete", "{method}");
            assert_eq!(result["_meta"][SERVER]["name"], "test-server", "{method}");
            let cacheable = method != "tools/call";
            assert_eq!(result.get("ttlMs").is_some(), cacheable, "{method}");
            assert_eq!(result.get("cacheScope").is_some(), cacheable, "{method}");
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_server_sets_the_cache_fields_of_its_lists() {
    let ttl = std::time::Duration::from_secs(300);
    let server = || reporting().cache(ttl, mcp_server::types::CacheScope::Public);
    each(&Revision::ALL, server, async |client| {
        let result = client.ok("tools/list", json!({})).await;
        if client.is_legacy() {
            assert_eq!(result.as_object().unwrap().len(), 1, "{result}");
        } else {
            assert_eq!(
                (&result["ttlMs"], &result["cacheScope"]),
                (&json!(300_000), &json!("public"))
            );
        }
    })
    .await;
}
