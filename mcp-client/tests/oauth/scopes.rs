//! Which scopes are requested, and how often.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_client::oauth::{ErrorKind, MemoryStore};
use serde_json::json;

use crate::world::{ISSUER, PRM, SERVER, World, bound};

fn challenge(parameters: &str) -> Option<String> {
    Some(format!(r#"Bearer resource_metadata="{PRM}"{parameters}"#))
}

fn insufficient(scope: &str) -> (u16, Option<String>) {
    (403, challenge(&format!(r#", error="insufficient_scope", scope="{scope}""#)))
}

#[tokio::test]
async fn the_requested_scope_is_the_challenges_or_the_applications_or_the_listed_one() {
    // The scopes of the challenge, the application, the resource and the authorization server, and
    // the requested one.
    let listed = json!(["r1", "r2"]);
    let table = [
        (Some("a b"), Some("h"), Some(&listed), None, Some("a b")),
        (None, Some("h"), Some(&listed), None, Some("h")),
        (None, None, Some(&listed), None, Some("r1 r2")),
        (None, None, None, None, None),
        (None, None, None, Some(json!(["x", "offline_access"])), None),
        (Some("a"), None, None, Some(json!(["x", "offline_access"])), Some("a offline_access")),
        (Some("a"), None, None, Some(json!(["x"])), Some("a")),
        (
            Some("a offline_access"),
            None,
            None,
            Some(json!(["offline_access"])),
            Some("a offline_access"),
        ),
    ];
    for (named, host, resource, server, expected) in table {
        let world = World::new();
        let mut document = json!({"resource": SERVER, "authorization_servers": [ISSUER]});
        if let Some(resource) = resource {
            document["scopes_supported"] = resource.clone();
        }
        world.document(PRM, document);
        if let Some(server) = server {
            world.authorization_server(ISSUER, json!({"scopes_supported": server}));
        }
        world.resource(move |_, token, _| match (token, named) {
            (Some(_), _) => (200, None),
            (None, Some(named)) => (401, challenge(&format!(r#", scope="{named}""#))),
            (None, None) => (401, challenge("")),
        });
        let builder = world.oauth();
        let builder = if let Some(host) = host { builder.scopes([host]) } else { builder };
        assert_eq!(world.call(&bound(builder), "a").await.unwrap(), 200);
        let login = &world.logins()[0];
        assert_eq!(login.field("scope").as_deref(), expected);
        let offline = expected.is_some_and(|scope| scope.contains("offline_access"));
        assert_eq!(login.field("prompt").as_deref(), offline.then_some("consent"));
    }
    // `offline_access` can be switched off.
    let world = World::new();
    world.authorization_server(ISSUER, json!({"scopes_supported": ["offline_access"]}));
    let oauth = bound(world.oauth().scopes(["a"]).offline_access(false));
    assert_eq!(world.call(&oauth, "a").await.unwrap(), 200);
    assert_eq!(world.logins()[0].field("scope").as_deref(), Some("a"));
}

/// An MCP server whose tokens have the scopes that were requested at the last log-in.
fn graded(needed: fn(&str) -> &'static str) -> World {
    let world = World::new();
    world.resource(move |world, token, operation| answer(world, token, needed(operation)));
    world
}

/// The answer to a request that needs a scope.
fn answer(world: &World, token: Option<&str>, needed: &str) -> (u16, Option<String>) {
    if token.is_none() {
        return (401, challenge(r#", scope="basic""#));
    }
    let last = world.logins().last().unwrap().field("scope").unwrap_or_default();
    if last.split(' ').any(|scope| scope == needed) { (200, None) } else { insufficient(needed) }
}

#[tokio::test]
async fn a_step_up_requests_all_scopes_so_far_and_the_new_one() {
    let world = graded(|operation| match operation {
        "read" => "basic",
        "write" => "write",
        _ => "admin",
    });
    let oauth = bound(world.oauth());
    for operation in ["read", "write", "read", "admin", "write"] {
        assert_eq!(world.call(&oauth, operation).await.unwrap(), 200);
    }
    let scopes: Vec<_> = world.logins().iter().map(|login| login.field("scope").unwrap()).collect();
    assert_eq!(scopes, ["basic", "basic write", "basic write admin"]);
    let clients: Vec<_> =
        world.logins().iter().map(|login| login.field("client_id").unwrap()).collect();
    assert!(clients.iter().all(|client| *client == clients[0]), "one registration is enough");
}

#[tokio::test]
async fn a_scope_that_was_not_granted_is_not_requested_again() {
    let world = World::new();
    world.resource(
        |_, token, _| if token.is_some() { insufficient("admin") } else { (401, challenge("")) },
    );
    let oauth = bound(world.oauth());
    for operation in ["a", "a", "b", "c"] {
        let error = world.call(&oauth, operation).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InsufficientScope);
        assert!(error.to_string().contains("admin"), "{error}");
    }
    assert_eq!(world.logins().len(), 2, "one for a token, one for the scope");
}

#[tokio::test]
async fn an_operation_has_three_authorizations() {
    // A server that names another scope each time.
    let world = World::new();
    world.resource(|world, token, _| match token {
        Some(_) => insufficient(&format!("scope{}", world.logins().len())),
        None => (401, challenge("")),
    });
    let oauth = bound(world.oauth());
    for _ in 0..5 {
        let error = world.call(&oauth, "a").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InsufficientScope);
    }
    assert_eq!(world.logins().len(), 3);
    // Another operation has its own count.
    world.call(&oauth, "b").await.unwrap_err();
    assert_eq!(world.logins().len(), 6);
}

#[tokio::test]
async fn other_refusals_are_final() {
    for answer in [
        (403, None),
        (403, challenge("")),
        (403, challenge(r#", error="access_denied", scope="x""#)),
        (403, challenge(r#", error="insufficient_scope""#)),
        (403, Some(r#"Basic error="insufficient_scope", scope="x""#.to_owned())),
    ] {
        let world = World::new();
        world.resource(
            move |_, token, _| if token.is_some() { answer.clone() } else { (401, challenge("")) },
        );
        assert_eq!(world.call(&bound(world.oauth()), "a").await.unwrap(), 403);
        assert_eq!(world.logins().len(), 1);
    }
}

#[tokio::test]
async fn concurrent_calls_share_one_step_up() {
    let done = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&done);
    let world = World::new();
    world.resource(move |world, token, operation| {
        let answer = answer(world, token, if operation == "read" { "basic" } else { "write" });
        if operation == "write" && answer.0 == 200 {
            count.fetch_add(1, Ordering::SeqCst);
        }
        answer
    });
    let oauth = bound(world.oauth());
    assert_eq!(world.call(&oauth, "read").await.unwrap(), 200);
    let calls = (0..100).map(|_| world.call(&oauth, "write"));
    let results = futures::future::join_all(calls).await;
    assert!(results.into_iter().all(|result| result.unwrap() == 200));
    assert_eq!(world.logins().len(), 2);
    assert_eq!(done.load(Ordering::SeqCst), 100, "each call succeeded once");
}

/// A token that expired must not cost the user the scopes of a step-up before.
#[tokio::test]
async fn a_log_in_after_a_401_requests_the_scopes_gained_before_too() {
    let world = graded(|operation| if operation == "read" { "basic" } else { "write" });
    // No refresh token: each 401 needs a log-in.
    world.route("https://as.example.com/token", |world, sent| {
        world.issue(sent, json!({"refresh_token": null}))
    });
    let store = MemoryStore::new();
    let oauth = bound(world.oauth().store(store.clone()));
    assert_eq!(world.call(&oauth, "read").await.unwrap(), 200);
    assert_eq!(world.call(&oauth, "write").await.unwrap(), 200);
    // The challenge of a 401 names the scope of the endpoint alone.
    let refused = |world: &World| {
        world.resource(|world, token, _| match token {
            Some(token) if world.is_valid(token) => (200, None),
            _ => (401, challenge(r#", scope="basic""#)),
        });
        world.expire_all();
    };
    refused(&world);
    assert_eq!(world.call(&oauth, "read").await.unwrap(), 200);
    // In another process the store knows them.
    refused(&world);
    assert_eq!(world.call(&bound(world.oauth().store(store)), "read").await.unwrap(), 200);
    let scopes: Vec<_> = world.logins().iter().map(|login| login.field("scope").unwrap()).collect();
    assert_eq!(scopes, ["basic", "basic write", "basic write", "basic write"]);
}
