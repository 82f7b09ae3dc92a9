//! A task belongs to a user, and the tokens of a user differ in their scopes: each request
//! about a task needs the scopes of its call.

use std::time::Duration;

use http_body_util::BodyExt as _;
use mcp_server::auth::{Protection, StaticVerifier};
use mcp_server::extract::State;
use mcp_server::http::HttpService;
use mcp_server::input::{AskError, KeyRing};
use mcp_server::task::TaskConfig;
use mcp_server::{Context, Elicit, Principal, Server, routes, tool};
use mcp_test_support::http::{Answer, Call, data};
use mcp_test_support::{Gate, message};
use serde_json::{Value, json};

use crate::fixture::{ISSUER, RESOURCE, in_session, open_session, with};
use crate::scopes::required;

/// The scopes of the task that the tests create.
const SCOPES: [&str; 2] = ["admin", "year:2026"];

#[derive(Debug, serde::Deserialize, Elicit)]
struct Form {
    /// The name.
    name: String,
}

/// Two clients of one user. `more` has all scopes, `less` only one of them.
fn protection() -> Protection {
    let client = |name: &str| Principal::of_user(ISSUER, "ada").with_client(name);
    let tokens = StaticVerifier::new()
        .token("more", client("more").with_scopes(SCOPES))
        .token("less", client("less").with_scopes(["year:2026"]))
        .token("over", client("over").with_scopes(["root"]));
    Protection::new(RESOURCE, tokens).authorization_server(ISSUER)
}

/// Asks if the caller wants it, reports its progress, and waits at the gate.
#[tool(task, scopes("admin", "year:{year}"))]
async fn export(
    year: u32,
    asks: bool,
    gate: State<Gate>,
    context: Context,
) -> Result<String, AskError> {
    let mut name = "all".to_owned();
    if asks {
        name = context.elicit::<Form>("Who?").await?.name;
    }
    context.progress_with_message(1.0, 2.0, "half").await;
    gate.wait().await;
    Ok(format!("{year} for {name}"))
}

fn serve(gate: &Gate, protection: Protection) -> HttpService {
    Server::builder("test", "1.0.0")
        .routes(routes![export])
        .state(gate.clone())
        .tasks(TaskConfig::default())
        .state_keys(KeyRing::new("a secret that is long enough for a key ring".as_bytes()).unwrap())
        .protect(protection)
        .into_service()
        .unwrap()
}

fn call_export(asks: bool) -> Value {
    json!({ "name": "export", "arguments": { "year": 2026, "asks": asks } })
}

/// A modern request of a client that has tasks.
fn modern(method: &str, mut params: Value) -> Call {
    let capabilities =
        json!({ "elicitation": {}, "extensions": { "io.modelcontextprotocol/tasks": {} } });
    message::add_modern_meta(&mut params, &capabilities);
    Call::of(&message::request(1, method, params))
}

async fn create(service: &HttpService, asks: bool) -> String {
    let answer = with("more", modern("tools/call", call_export(asks))).send(service).await;
    let id = &answer.json()["result"]["taskId"];
    id.as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
}

/// Polls a task with all scopes until it has this status.
async fn until(service: &HttpService, id: &str, status: &str) -> Value {
    // The clock is paused, so that this waits for what the server does, not for time.
    for _ in 0..10_000 {
        let get = modern("tasks/get", json!({ "taskId": id }));
        let task = with("more", get).send(service).await.json()["result"].clone();
        if task["status"] == status {
            return task;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the task is never {status}");
}

/// Subscribes to a task. Returns the tasks that the server accepts.
async fn listened(service: &HttpService, token: &str, id: &str) -> Value {
    let filter = json!({ "notifications": { "taskIds": [id] } });
    let response = with(token, modern("subscriptions/listen", filter)).begin(service).await;
    assert_eq!(response.status(), 200);
    let frame = response.into_body().frame().await.unwrap().unwrap().into_data().unwrap();
    let text = String::from_utf8(frame.to_vec()).unwrap();
    let first: Value = serde_json::from_str(data(&text).next().unwrap()).unwrap();
    assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
    first["params"]["notifications"]["taskIds"].clone()
}

fn answers(name: &str, question: &Value) -> Value {
    let key = question["inputRequests"].as_object().unwrap().keys().next().unwrap().clone();
    json!({ key: { "action": "accept", "content": { "name": name } } })
}

fn assert_refused(answer: &Answer) {
    assert_eq!(required(answer), SCOPES);
    assert_eq!(answer.json()["error"]["data"]["requiredScopes"], json!(SCOPES));
}

/// A client with too few scopes is refused in each state of the task, and changes nothing.
#[tokio::test(start_paused = true)]
async fn a_client_with_fewer_scopes_cannot_use_a_task() {
    let gate = Gate::new();
    let service = serve(&gate, protection());
    let send = async |token: &str, method: &str, params: Value| {
        with(token, modern(method, params)).send(&service).await
    };
    for is_cancelled in [false, true] {
        let id = create(&service, true).await;
        let question = until(&service, &id, "input_required").await;
        let assert_denied = async || {
            for method in ["tasks/get", "tasks/cancel"] {
                assert_refused(&send("less", method, json!({ "taskId": id })).await);
            }
            let answers = answers("Eve", &question);
            let update = json!({ "taskId": id, "inputResponses": answers });
            assert_refused(&send("less", "tasks/update", update).await);
            assert_eq!(listened(&service, "less", &id).await, json!([]));
            assert_eq!(listened(&service, "more", &id).await, json!([id]));
        };
        assert_denied().await;
        let open = until(&service, &id, "input_required").await;
        assert_eq!(open["inputRequests"], question["inputRequests"]);
        let answers = answers("Ada", &question);
        let update = json!({ "taskId": id, "inputResponses": answers });
        assert_eq!(send("more", "tasks/update", update).await.status, 200);
        let arrivals = 1 + usize::from(is_cancelled);
        gate.arrived(arrivals).await;
        assert_eq!(until(&service, &id, "working").await["statusMessage"], "half");
        assert_denied().await;
        if is_cancelled {
            assert_eq!(send("more", "tasks/cancel", json!({ "taskId": id })).await.status, 200);
            until(&service, &id, "cancelled").await;
        } else {
            gate.open(1);
            let task = until(&service, &id, "completed").await;
            assert_eq!(task["result"]["content"][0]["text"], "2026 for Ada");
        }
        assert_denied().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_hierarchy_of_scopes_applies_to_tasks() {
    let gate = Gate::new();
    let service = serve(&gate, protection().scope_hierarchy(|granted, _| granted == "root"));
    let id = create(&service, false).await;
    let get = |token: &str| with(token, modern("tasks/get", json!({ "taskId": id })));
    assert_eq!(get("over").send(&service).await.status, 200);
    assert_refused(&get("less").send(&service).await);
    assert_eq!(listened(&service, "over", &id).await, json!([id]));
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_tool_is_hidden_does_not_exist() {
    let gate = Gate::new();
    let service = serve(&gate, protection().hide_denied());
    let id = create(&service, true).await;
    until(&service, &id, "input_required").await;
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let call = |id: &str| {
            let params = json!({ "taskId": id, "inputResponses": {} });
            with("less", modern(method, params))
        };
        let (hidden, unknown) =
            (call(&id).send(&service).await, call("unknown").send(&service).await);
        assert_eq!((hidden.status, hidden.code()), (unknown.status, -32602), "{method}");
        assert_eq!(hidden.text.replace(&id, "unknown"), unknown.text);
    }
}

/// The requests of 2025-11-25, of which `tasks/result` is the one that waits and asks.
#[tokio::test(start_paused = true)]
async fn a_session_with_fewer_scopes_cannot_use_a_task() {
    let gate = Gate::new();
    let service = serve(&gate, protection());
    let sessions = [open_session(&service, "more").await, open_session(&service, "less").await];
    let request = |token: &str, method: &str, params: Value| {
        let session = &sessions[usize::from(token == "less")];
        with(token, in_session(Call::raw(&message::request(2, method, params)), session))
    };
    let send = async |token: &str, method: &str, params: Value| {
        request(token, method, params).send(&service).await
    };
    let mut call = call_export(false);
    call["task"] = json!({});
    let created = send("more", "tools/call", call).await.json();
    let id = created["result"]["task"]["taskId"].as_str().unwrap_or_else(|| panic!("{created}"));
    gate.arrived(1).await;
    let assert_denied = async || {
        for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
            assert_refused(&send("less", method, json!({ "taskId": id })).await);
        }
        let listed = async |token: &str| {
            let page = send(token, "tasks/list", json!({})).await.json();
            page["result"]["tasks"].as_array().unwrap().len()
        };
        assert_eq!((listed("less").await, listed("more").await), (0, 1));
    };
    assert_denied().await;
    let task = send("more", "tasks/get", json!({ "taskId": id })).await.json();
    assert_eq!(task["result"]["status"], "working", "{task}");
    gate.open(1);
    let result = send("more", "tasks/result", json!({ "taskId": id })).await;
    assert!(result.text.contains("2026 for all"), "{}", result.text);
    assert_denied().await;
}
