//! A protected server, and calls with its tokens.

use mcp_server::auth::{Protection, StaticVerifier};
use mcp_server::http::HttpService;
use mcp_server::{Principal, Server, ServerBuilder, prompt, resource, routes, tool};
use mcp_test_support::http::{Answer, Call};
use mcp_test_support::message;
use serde_json::{Value, json};

pub(crate) const RESOURCE: &str = "https://mcp.example.com/mcp";
pub(crate) const METADATA: &str =
    "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";
pub(crate) const ISSUER: &str = "https://login.example.com";

/// Needs no scope.
#[tool]
async fn open() -> &'static str {
    "open"
}

/// Needs scopes.
#[tool(scopes("files:read", "files:list"))]
async fn read(path: String) -> String {
    path
}

/// Needs a scope that depends on an argument.
#[tool(scopes("repo:{owner}"))]
async fn clone_repository(owner: String) -> String {
    owner
}

/// Says who calls.
#[tool]
async fn whoami(principal: Principal) -> String {
    format!("{} {} {}", principal.id(), principal.client().unwrap_or("-"), principal.scopes())
}

/// Says whether somebody calls.
#[tool]
async fn whoami_perhaps(principal: Option<Principal>) -> String {
    principal.map_or_else(|| "no caller".to_owned(), |principal| principal.id().to_owned())
}

/// Needs a scope.
#[prompt(scopes("prompts"))]
async fn greet(name: String) -> String {
    format!("greet {name}")
}

/// Needs a scope.
#[resource("text://secret", scopes("secrets"))]
async fn secret() -> &'static str {
    "secret"
}

/// Needs a scope that depends on a variable.
#[resource("text://notes/{id}", scopes("notes:read", "notes:{id}"))]
async fn note(id: String) -> String {
    id
}

pub(crate) fn routes() -> ServerBuilder {
    Server::builder("test", "1.0.0").routes(routes![
        open,
        read,
        clone_repository,
        whoami,
        whoami_perhaps,
        greet,
        secret,
        note
    ])
}

/// `low` has no scopes, `full` all of them but those of arguments, `ada` and `bob` are other users.
pub(crate) fn tokens() -> StaticVerifier {
    let user = |name: &str| Principal::of_user(ISSUER, name).with_client("app");
    let all =
        ["files:read", "files:list", "prompts", "secrets", "notes:read", "notes:7", "repo:me"];
    StaticVerifier::new()
        .token("low", user("low"))
        .token("full", user("full").with_scopes(all))
        .token("reader", user("reader").with_scopes(["files:read"]))
        .token("ada", user("ada").with_scopes(all))
        .token("bob", user("bob").with_scopes(all))
}

pub(crate) fn protection() -> Protection {
    Protection::new(RESOURCE, tokens()).authorization_server(ISSUER)
}

pub(crate) fn service() -> HttpService {
    serve(protection())
}

pub(crate) fn serve(protection: Protection) -> HttpService {
    routes().protect(protection).into_service().unwrap()
}

/// A call with a token.
pub(crate) fn with(token: &str, call: Call) -> Call {
    call.header("authorization", format!("Bearer {token}"))
}

/// A call of the modern and of the legacy era. The legacy one opens a session first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    Legacy,
    Modern,
}

pub(crate) const ERAS: [Era; 2] = [Era::Legacy, Era::Modern];

/// Sends a request with a token.
pub(crate) async fn send(
    service: &HttpService,
    era: Era,
    token: &str,
    method: &str,
    params: Value,
) -> Answer {
    match era {
        Era::Modern => with(token, Call::new(method, params)).send(service).await,
        Era::Legacy => {
            let session = open_session(service, token).await;
            let call = Call::raw(&message::request(2, method, params));
            with(token, in_session(call, &session)).send(service).await
        }
    }
}

pub(crate) async fn open_session(service: &HttpService, token: &str) -> String {
    let call = Call::raw(&message::initialize("2025-11-25", json!({})));
    let answer = with(token, call).send(service).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.header("mcp-session-id").unwrap().to_owned()
}

pub(crate) fn in_session(call: Call, session: &str) -> Call {
    call.header("mcp-session-id", session).header("mcp-protocol-version", "2025-11-25")
}

/// The parameters of a call of a tool.
pub(crate) fn tool(name: &str, arguments: Value) -> Value {
    json!({ "name": name, "arguments": arguments })
}
