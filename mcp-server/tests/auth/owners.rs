//! Everything that a server remembers belongs to a principal: no other one can use it, or learn
//! that it exists. {same, other, none} × everything stateful (SEC-3).

use std::sync::Arc;

use http::Method;
use mcp_server::auth::{Protection, StaticVerifier, VerifiedToken};
use mcp_server::http::HttpService;
use mcp_server::input::KeyRing;
use mcp_server::task::TaskConfig;
use mcp_server::tool::ToolRoute;
use mcp_server::types::TaskSupport;
use mcp_server::{Context, Elicit, ErrorObject, Principal};
use mcp_test_support::http::{Answer, Call};
use mcp_test_support::message;
use serde_json::{Value, json};

use crate::fixture::{ISSUER, RESOURCE, in_session, open_session, protection, routes, with};

#[derive(Debug, serde::Deserialize, Elicit)]
struct Form {
    /// The name.
    #[expect(dead_code, reason = "the client answers it")]
    name: String,
}

fn service() -> HttpService {
    let ask = ToolRoute::builder("ask").handler(|context: Context| async move {
        let answer = context.elicit::<Form>("Who?").await?;
        Ok::<_, ErrorObject>(format!("{answer:?}"))
    });
    let task = ToolRoute::builder("task")
        .task(TaskSupport::Optional)
        .handler(|principal: Principal| async move { principal.id().to_owned() });
    routes()
        .tool(ask)
        .tool(task)
        .tasks(TaskConfig::default())
        .state_keys(KeyRing::new("a secret that is long enough for a key ring".as_bytes()).unwrap())
        .protect(protection())
        .into_service()
        .unwrap()
}

/// Sends a call as its owner, another user, and without a token. Returns the answers in that order.
async fn as_each(service: &HttpService, call: Call) -> [Answer; 3] {
    let other = with("bob", call.clone()).send(service).await;
    let none = call.send(service).await;
    [with("ada", call).send(service).await, other, none]
}

/// The owner is served, another user learns nothing, and a caller without a token is challenged.
fn assert_owned([same, other, none]: [Answer; 3], unknown: &Answer) {
    assert_eq!(same.status, 200, "{}", same.text);
    assert!(same.json().get("error").is_none(), "{}", same.text);
    assert_eq!(other.status, unknown.status, "{}", other.text);
    assert_eq!(other.json()["error"]["code"], unknown.json()["error"]["code"], "{}", other.text);
    assert_eq!(none.status, 401);
}

#[tokio::test]
async fn sessions() {
    let service = service();
    let session = open_session(&service, "ada").await;
    let call = |session: &str| {
        in_session(Call::raw(&message::request(2, "tools/list", json!({}))), session)
    };
    let unknown = with("bob", call("0123456789abcdef0123456789abcdef")).send(&service).await;
    assert_owned(as_each(&service, call(&session)).await, &unknown);
    // No other user can read its stream, or end it.
    let get = in_session(Call::empty(Method::GET), &session).header("accept", "text/event-stream");
    assert_eq!(with("bob", get.clone()).send(&service).await.status, 404);
    assert_eq!(get.send(&service).await.status, 401);
    let delete = in_session(Call::empty(Method::DELETE), &session);
    assert_eq!(with("bob", delete.clone()).send(&service).await.status, 404);
    assert_eq!(delete.clone().send(&service).await.status, 401);
    assert_eq!(with("ada", call(&session)).send(&service).await.status, 200);
    assert_eq!(with("ada", delete).send(&service).await.status, 204);
}

#[tokio::test]
async fn request_states() {
    let service = service();
    let meta = json!({ "io.modelcontextprotocol/clientCapabilities": { "elicitation": {} } });
    let params = |more: Value| {
        let mut params = json!({ "name": "ask", "arguments": {}, "_meta": meta });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let mut first = message::request(1, "tools/call", params(json!({})));
    message::add_modern_meta(&mut first["params"], &json!({ "elicitation": {} }));
    let asked = with("ada", Call::of(&first)).send(&service).await.json()["result"].clone();
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let key = asked["inputRequests"].as_object().unwrap().keys().next().unwrap().clone();
    let answers = json!({ key: { "action": "accept", "content": { "name": "x" } } });
    let state = asked["requestState"].as_str().unwrap();
    let round = |state: &str| {
        let more = json!({ "inputResponses": answers, "requestState": state });
        let mut request = message::request(2, "tools/call", params(more));
        message::add_modern_meta(&mut request["params"], &json!({ "elicitation": {} }));
        Call::of(&request)
    };
    let forged = format!("{}AAAA", &state[..state.len() - 4]);
    let unknown = with("bob", round(&forged)).send(&service).await;
    assert_owned(as_each(&service, round(state)).await, &unknown);
}

#[tokio::test]
async fn tasks() {
    let service = service();
    let extension = "io.modelcontextprotocol/tasks";
    let capabilities = json!({ "extensions": { extension: {} } });
    let request = |method: &str, mut params: Value| {
        message::add_modern_meta(&mut params, &capabilities);
        Call::of(&message::request(1, method, params))
    };
    let call = request("tools/call", json!({ "name": "task", "arguments": {} }));
    let created = with("ada", call).send(&service).await.json()["result"].clone();
    let id = created["taskId"].as_str().unwrap_or_else(|| panic!("{created}"));
    for method in ["tasks/get", "tasks/cancel"] {
        let unknown = request(method, json!({ "taskId": "unknown" }));
        let unknown = with("bob", unknown).send(&service).await;
        let answers = as_each(&service, request(method, json!({ "taskId": id }))).await;
        assert_owned(answers, &unknown);
    }
}

#[tokio::test]
async fn caches_and_limits_of_one_token_serve_no_other() {
    // The decision about a token is found by the token, never by the user that it claims to be.
    let minute = std::time::Duration::from_secs(60);
    let user = |name: &str| Principal::of_user(ISSUER, name).with_client("app");
    let kept = |name: &str| VerifiedToken::new(user(name)).cached_for(minute);
    let tokens = StaticVerifier::new().verified("ada", kept("ada")).verified("bob", kept("bob"));
    let protection = Protection::new(RESOURCE, tokens).authorization_server(ISSUER);
    let service = routes().protect(protection).into_service().unwrap();
    let whoami = || Call::tool("whoami", json!({}));
    let service = Arc::new(service);
    for token in ["ada", "bob", "ada"] {
        let answer = with(token, whoami()).send(&*service).await;
        let expected = format!("https://login.example.com#{token} app");
        assert!(answer.tool_text().starts_with(&expected), "{}", answer.text);
    }
    assert_eq!(whoami().send(&*service).await.status, 401);
}
