//! Who may use a task.

use mcp_server::{Revision, ServerBuilder, routes, tool};
use serde_json::{Value, json};

use super::fixture::{TaskClient, connect};
use crate::harness::{Client, Identify, Setup, Transport, built, named, server};

#[tool(task)]
async fn work() -> &'static str {
    "done"
}

fn tools() -> ServerBuilder {
    server().routes(routes![work]).layer(Identify)
}

fn of(user: Option<&str>, mut params: Value) -> Value {
    if let Some(user) = user {
        params["_meta"]["com.example/user"] = json!(user);
    }
    params
}

async fn create(client: &Client, user: Option<&str>) -> String {
    let created = client.ok("tools/call", of(user, json!({ "name": "work" }))).await;
    created["taskId"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn only_the_owner_of_a_task_finds_it_on_any_connection() {
    for &transport in Transport::ALL {
        named(&format!("{transport:?}"), async {
            let server = built(tools());
            let client = connect(&server, transport).await;
            let owners = [Some("ada"), Some("eve"), None];
            for owner in owners {
                let id = create(&client, owner).await;
                let other = connect(&server, transport).await;
                for user in owners {
                    let get = other.request("tasks/get", of(user, json!({ "taskId": id }))).await;
                    if user == owner {
                        assert_eq!(get.unwrap()["taskId"], *id);
                        continue;
                    }
                    // As for a task that does not exist.
                    let unknown = of(user, json!({ "taskId": "none" }));
                    let expected = other.err("tasks/get", unknown).await;
                    let error = get.unwrap_err();
                    assert_eq!(error.code, -32602);
                    assert_eq!(error.message, expected.message.replace("none", &id));
                    let params = of(user, json!({ "taskId": id, "inputResponses": {} }));
                    assert_eq!(other.err("tasks/update", params).await.code, -32602);
                    let params = of(user, json!({ "taskId": id }));
                    assert_eq!(other.err("tasks/cancel", params).await.code, -32602);
                    let filter = of(user, json!({ "notifications": { "taskIds": [id] } }));
                    let _open = other.start("subscriptions/listen", filter);
                    let acknowledged =
                        other.receive("notifications/subscriptions/acknowledged").await;
                    assert_eq!(acknowledged["notifications"], json!({ "taskIds": [] }));
                }
                client.until_of(owner, &id).await;
            }
        })
        .await;
    }
}

/// Where the scopes of calls are not checked, those of tasks are not.
#[tokio::test(start_paused = true)]
async fn a_local_caller_without_a_principal_needs_no_scopes() {
    #[tool(task, scopes("admin", "repo:{owner}"))]
    async fn clone_repository(owner: String) -> String {
        owner
    }
    for transport in [Transport::Stream, Transport::Memory] {
        let server = built(server().routes(routes![clone_repository]));
        let client = connect(&server, transport).await;
        // The second one cannot be part of a scope.
        for owner in ["ada", "a b"] {
            let id = client.create("clone_repository", json!({ "owner": owner })).await;
            let task = client.until(&id, "completed").await;
            assert_eq!(task["result"]["content"][0]["text"], owner);
        }
    }
}

/// A handler in a task sees the principal of its call.
#[tokio::test(start_paused = true)]
async fn a_task_runs_for_the_principal_of_its_call() {
    #[tool(task)]
    async fn who(#[arg(inject)] principal: mcp_server::Principal) -> String {
        principal.id().to_owned()
    }
    for &transport in Transport::ALL {
        let server = built(server().routes(routes![who]).layer(Identify));
        let client = connect(&server, transport).await;
        let call = of(Some("ada"), json!({ "name": "who" }));
        let created = client.ok("tools/call", call).await;
        let id = created["taskId"].as_str().unwrap();
        let task = client.until_of(Some("ada"), id).await;
        assert_eq!(task["result"]["content"][0]["text"], "ada");
    }
}

/// The two forms of tasks have different results.
#[tokio::test(start_paused = true)]
async fn a_task_is_seen_only_in_the_revision_of_its_call() {
    for &transport in Transport::CONNECTIONS {
        let server = built(tools());
        let modern = connect(&server, transport).await;
        let legacy = Setup::default().connect(&server, transport, Revision::V2025_11_25).await;
        let id = modern.create("work", json!({})).await;
        assert_eq!(legacy.err("tasks/get", json!({ "taskId": id })).await.code, -32602);
        let created = legacy.ok("tools/call", json!({ "name": "work", "task": {} })).await;
        let id = created["task"]["taskId"].as_str().unwrap();
        assert_eq!(modern.err("tasks/get", json!({ "taskId": id })).await.code, -32602);
    }
}

trait UntilOf {
    async fn until_of(&self, user: Option<&str>, id: &str) -> Value;
}

impl UntilOf for Client {
    async fn until_of(&self, user: Option<&str>, id: &str) -> Value {
        for _ in 0..10_000 {
            let task = self.ok("tasks/get", of(user, json!({ "taskId": id }))).await;
            if task["status"] == "completed" {
                return task;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the task never completes");
    }
}
