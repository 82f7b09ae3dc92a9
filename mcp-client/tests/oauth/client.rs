//! Authorization through a client: calls succeed, or say why they failed.

use futures::future::join_all;
use mcp_client::oauth::MemoryStore;
use mcp_client::{Client, Error, ErrorKind};
use mcp_test_support::message::{discovered, response, text};
use serde_json::{Value, json};

use crate::world::{Answer, ISSUER, PRM, SERVER, Sent, World};

/// A modern MCP server at the world's URL, which accepts valid tokens, and calls of `write` only
/// with that scope.
pub(crate) fn serve(world: &World) {
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
            "server/discover" => discovered(json!({"tools": {}})),
            "tools/call" => text("done"),
            // The tools of a user, for an hour.
            "tools/list" => {
                let name = format!("tool-{}", world.logins().len());
                json!({
                    "resultType": "complete",
                    "tools": [{"name": name, "inputSchema": {"type": "object"}}],
                    "ttlMs": 3_600_000,
                    "cacheScope": "private",
                })
            }
            method => panic!("{method}"),
        };
        Answer::json(response(&request["id"], result))
    });
}

async fn connect(world: &World) -> Result<Client, Error> {
    connect_with(world, MemoryStore::new()).await
}

async fn connect_with(world: &World, store: MemoryStore) -> Result<Client, Error> {
    let oauth = world.oauth().store(store).build();
    let builder = Client::builder().http_stack(world.clone()).authorizer(oauth);
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
    assert!(join_all(calls).await.iter().all(|text| text == "done"));
    assert_eq!(world.grants("refresh_token").len(), 1);
    assert_eq!(world.logins().len(), 2);
    // The token is in the header field and nowhere else.
    for Sent { url, body, .. } in world.sent_to(SERVER) {
        assert!(!url.contains("access-") && !body.contains("access-"));
    }
    client.close().await;
}

#[tokio::test]
async fn a_failed_authorization_is_the_source_of_the_error() {
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
async fn a_server_without_tls_gets_no_request() {
    let world = World::new();
    let builder = Client::builder().http_stack(world.clone()).authorizer(world.oauth().build());
    let error = builder.connect_http("http://mcp.example.com/mcp").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(world.urls().is_empty());
}

#[tokio::test]
async fn two_clients_with_one_store_share_a_log_in_and_its_refreshes() {
    let world = World::new();
    serve(&world);
    let store = MemoryStore::new();
    let clients = [
        connect_with(&world, store.clone()).await.unwrap(),
        connect_with(&world, store.clone()).await.unwrap(),
    ];
    assert_eq!(world.logins().len(), 1);
    for refreshes in 1..=3 {
        world.expire_all();
        let calls = (0..20).map(|number| {
            let client = &clients[number % 2];
            async move { client.call_tool("read", &json!({})).await.unwrap().text() }
        });
        assert!(join_all(calls).await.iter().all(|text| text == "done"));
        assert_eq!(world.grants("refresh_token").len(), refreshes);
    }
    assert_eq!(world.logins().len(), 1);
    // Each refresh token was used once.
    let used = world.grants("refresh_token");
    let used: std::collections::HashSet<_> =
        used.iter().map(|sent| sent.field("refresh_token")).collect();
    assert_eq!(used.len(), 3);
}

#[tokio::test]
async fn private_results_are_not_cached_for_the_next_user() {
    let world = World::new();
    serve(&world);
    let client = connect(&world).await.unwrap();
    let tools = async || client.list_tools().await.unwrap()[0].name.clone();
    assert_eq!(tools().await, "tool-1");
    world.expire_all();
    client.call_tool("read", &json!({})).await.unwrap();
    assert_eq!(world.grants("refresh_token").len(), 1);
    let lists = world.sent_to(SERVER).len();
    assert_eq!((tools().await, world.sent_to(SERVER).len()), ("tool-1".to_owned(), lists));

    // The refresh token ends, and another user logs in.
    world.expire_all();
    world.route("https://as.example.com/token", |world, sent| match sent.field("refresh_token") {
        Some(_) => Answer::error("invalid_grant"),
        None => world.issue(sent, json!({})),
    });
    client.call_tool("read", &json!({})).await.unwrap();
    assert_eq!(tools().await, "tool-2");
}
