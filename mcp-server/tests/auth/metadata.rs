//! The metadata by which clients find the authorization server (RFC 9728), without
//! `offline_access` (AUTH-42).

use http::Method;
use mcp_test_support::http::Call;
use serde_json::{Value, json};

use crate::fixture::{ISSUER, RESOURCE, protection, routes, serve, service};

const ROOT: &str = "/.well-known/oauth-protected-resource";
const OF_PATH: &str = "/.well-known/oauth-protected-resource/mcp";

fn get(path: &str) -> Call {
    Call { uri: path.into(), ..Call::empty(Method::GET) }
}

#[tokio::test]
async fn it_is_public_and_in_both_places() {
    let service = serve(protection().scopes(["mcp:use"]).resource_name("Files"));
    for path in [ROOT, OF_PATH] {
        // Any page may read it, under any name.
        let call = get(path).header("origin", "https://any.example").header("host", "proxy");
        let answer = call.send(&service).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("cache-control"), Some("max-age=3600"));
        let scopes = ["files:list", "files:read", "mcp:use", "notes:read", "prompts", "secrets"];
        assert_eq!(
            answer.json(),
            json!({
                "resource": RESOURCE,
                "authorization_servers": [ISSUER],
                "scopes_supported": scopes,
                "bearer_methods_supported": ["header"],
                "resource_name": "Files",
            })
        );
    }
    for path in ["/.well-known/oauth-protected-resource/other", "/.well-known/other"] {
        assert_ne!(get(path).send(&service).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn browsers_may_ask_first_and_other_methods_are_refused() {
    let service = service();
    let preflight = Call { uri: OF_PATH.into(), ..Call::empty(Method::OPTIONS) };
    let answer = preflight.send(&service).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("mcp-protocol-version"));
    let post = Call { uri: OF_PATH.into(), ..Call::raw(&Value::Null) };
    let answer = post.send(&service).await;
    assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
}

#[tokio::test]
async fn a_router_mounts_it_where_it_wants() {
    let service = service();
    let metadata = service.metadata();
    let answer = get("/any").send(&metadata).await;
    assert_eq!(answer.json()["resource"], RESOURCE);
    let unprotected = routes().into_service().unwrap().metadata();
    assert_eq!(get("/any").send(&unprotected).await.status, 404);
}

#[tokio::test]
async fn scopes_are_advertised_as_they_are_asked_for() {
    let service = serve(protection().scope_prefix("api://app/").scopes_supported([
        "read",
        "openid",
        "offline_access",
        "api://app/write",
    ]));
    let scopes = get(ROOT).send(&service).await.json()["scopes_supported"].clone();
    assert_eq!(scopes, json!(["api://app/read", "openid", "api://app/write"]));
}

#[tokio::test]
async fn an_unprotected_server_has_none() {
    let service = routes().into_service().unwrap();
    assert_ne!(get(ROOT).send(&service).await.status, 200);
}
