//! Through a client: the transport asks the authorizer, and calls end well or say why not.

use mcp_client::{Client, Error, ErrorKind};
use serde_json::{Value, json};

use crate::world::{Answer, ISSUER, PRM, SERVER, Sent, World};

/// A modern MCP server at the world's URL, which takes a token that is valid and calls `write` with its scope alone.
fn serve(world: &World) {
    world.route(SERVER, |world, sent| {
        let token = sent.headers.get("authorization").and_then(|value| value.to_str().ok());
        let token = token.and_then(|value| value.strip_prefix("Bearer "));
        if !token.is_some_and(|token| world.is_valid(token)) {
            let challenge = format!(r#"Bearer resource_metadata="{PRM}", scope="read""#);
            return Answer { challenge: Some(challenge), ..Answer::status(401) };
        }
        let request = sent.json();
        let scope = world.logins().last().unwrap().field("scope").unwrap();
        if request["params"]["name"] == "write" && !scope.contains("write") {
            let challenge = r#"Bearer error="insufficient_scope", scope="write""#.to_owned();
            return Answer { challenge: Some(challenge), ..Answer::status(403) };
        }
        let result = match request["method"].as_str().unwrap() {
            "server/discover" => json!({
                "resultType": "complete",
                "supportedVersions": ["2026-07-28"],
                "capabilities": {"tools": {}},
                "ttlMs": 0,
                "cacheScope": "private",
            }),
            "tools/call" => {
                json!({"resultType": "complete", "content": [{"type": "text", "text": "done"}]})
            }
            method => panic!("{method}"),
        };
        Answer::json(json!({"jsonrpc": "2.0", "id": request["id"], "result": result}))
    });
}

async fn connect(world: &World) -> Result<Client, Error> {
    let builder = Client::builder().http_stack(world.clone()).authorizer(world.oauth().build());
    builder.connect_http(SERVER).await
}

#[tokio::test]
async fn a_client_logs_in_steps_up_and_refreshes() {
    let world = World::new();
    serve(&world);
    let client = connect(&world).await.unwrap();
    assert_eq!(client.call_tool("read", &json!({})).await.unwrap().text(), "done");
    assert_eq!(client.call_tool("write", &json!({})).await.unwrap().text(), "done");
    let scopes: Vec<_> = world.logins().iter().map(|login| login.field("scope").unwrap()).collect();
    assert_eq!(scopes, ["read", "read write"]);

    world.expire_all();
    let calls =
        (0..100).map(|_| async { client.call_tool("read", &json!({})).await.unwrap().text() });
    assert!(futures::future::join_all(calls).await.iter().all(|text| text == "done"));
    assert_eq!(world.grants("refresh_token").len(), 1);
    assert_eq!(world.logins().len(), 2);
    // The token is in the header field and nowhere else.
    for Sent { url, body, .. } in world.sent_to(SERVER) {
        assert!(!url.contains("access-") && !body.contains("access-"));
    }
    client.close().await;
}

#[tokio::test]
async fn a_failed_authorization_is_the_reason() {
    let world = World::new();
    serve(&world);
    world.authorization_server(ISSUER, json!({"code_challenge_methods_supported": Value::Null}));
    let error = connect(&world).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let mut reasons =
        std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    let reason =
        reasons.find_map(|error| error.downcast_ref::<mcp_client::oauth::Error>()).unwrap();
    assert_eq!(reason.kind(), mcp_client::oauth::ErrorKind::InvalidMetadata);
    assert!(reason.to_string().contains("PKCE"), "{reason}");
}

#[tokio::test]
async fn a_server_that_it_must_not_have_is_not_even_asked() {
    let world = World::new();
    let builder = Client::builder().http_stack(world.clone()).authorizer(world.oauth().build());
    let error = builder.connect_http("http://mcp.example.com/mcp").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(world.urls().is_empty());
}
