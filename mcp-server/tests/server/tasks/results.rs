//! `tasks/result` of 2025-11-25, and what the requests about a task read.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use mcp_server::input::AskError;
use mcp_server::task::TaskConfig;
use mcp_server::{Context, Elicit, Revision, ServerBuilder, routes, tool};
use mcp_test_support::settle;
use serde::Deserialize;
use serde_json::{Value, json};

use super::faults::{FaultyStore, Operation};
use super::fixture::accept;
use crate::harness::{Client, Failure, Identify, Setup, Transport, built, named, server};

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

/// Asks two questions at the same time.
#[tool(task)]
async fn introduce(ctx: &Context) -> Result<String, AskError> {
    let first = ctx.elicit::<Name>("First name?").key("first");
    let last = ctx.elicit::<Name>("Last name?").key("last");
    let (first, last) = futures::future::try_join(first.into_future(), last.into_future()).await?;
    Ok(format!("{} {}", first.name, last.name))
}

fn tools() -> ServerBuilder {
    server().routes(routes![introduce]).layer(Identify)
}

type Answer = Option<Result<Value, Failure>>;

/// What the client was asked.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Asked {
    fn take(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut *self.0.lock().unwrap());
        asked.sort_unstable();
        asked
    }

    fn client(&self, answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Setup {
        let asked = self.clone();
        let capabilities = json!({ "elicitation": { "form": {} } });
        Setup::default().capabilities(capabilities).answers(move |_, params| {
            let message = params["message"].as_str().unwrap();
            asked.0.lock().unwrap().push(message.to_owned());
            answer(message)
        })
    }
}

fn name(name: &str) -> Answer {
    Some(Ok(accept(json!({ "name": name }))))
}

fn refused() -> Answer {
    Some(Err(Failure { code: -1, message: "not now".to_owned(), data: None }))
}

async fn create(client: &Client, tool: &str) -> String {
    let created = client.ok("tools/call", json!({ "name": tool, "task": {} })).await;
    created["task"]["taskId"].as_str().unwrap().to_owned()
}

async fn status(client: &Client, id: &str) -> Value {
    client.ok("tasks/get", json!({ "taskId": id })).await["status"].clone()
}

/// Runs a body on every transport.
async fn each(setup: impl Fn() -> Setup, body: impl AsyncFn(Client)) {
    for &transport in Transport::ALL {
        let client = setup().connect(&built(tools()), transport, Revision::V2025_11_25).await;
        named(&format!("{transport:?}"), body(client)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_beside_a_refused_question_is_kept() {
    let asked = Asked::default();
    let refusals = Arc::<AtomicUsize>::default();
    let setup = || {
        let refusals = Arc::clone(&refusals);
        refusals.store(0, Ordering::Relaxed);
        asked.client(move |message| match message {
            "First name?" if refusals.fetch_add(1, Ordering::Relaxed) == 0 => refused(),
            "First name?" => name("Ada"),
            _ => name("Lovelace"),
        })
    };
    each(setup, async |client| {
        let id = create(&client, "introduce").await;
        client.err("tasks/result", json!({ "taskId": id })).await;
        assert_eq!(asked.take(), ["First name?", "Last name?"]);
        assert_eq!(status(&client, &id).await, "input_required");
        let result = client.ok("tasks/result", json!({ "taskId": id })).await;
        assert_eq!(result["content"][0]["text"], "Ada Lovelace");
        assert_eq!(asked.take(), ["First name?"]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn several_requests_ask_the_client_once() {
    let asked = Asked::default();
    let setup = || asked.client(name);
    each(setup, async |client| {
        let id = create(&client, "introduce").await;
        let calls: Vec<_> =
            (0..5).map(|_| client.start("tasks/result", json!({ "taskId": id }))).collect();
        for call in calls {
            let result = call.answer().await.unwrap();
            assert_eq!(result["content"][0]["text"], "First name? Last name?");
        }
        assert_eq!(asked.take(), ["First name?", "Last name?"]);
    })
    .await;
}

/// The other question is never answered, so that all requests wait when the refusal arrives.
#[tokio::test(start_paused = true)]
async fn a_refusal_is_the_outcome_of_all_requests_that_wait() {
    let asked = Asked::default();
    let setup = || asked.client(|message| (message == "First name?").then(refused).flatten());
    each(setup, async |client| {
        let id = create(&client, "introduce").await;
        let calls: Vec<_> =
            (0..5).map(|_| client.start("tasks/result", json!({ "taskId": id }))).collect();
        for call in calls {
            let error = call.answer().await.unwrap_err();
            assert!(error.message.contains("not now"), "{error:?}");
        }
        assert_eq!(asked.take(), ["First name?", "Last name?"]);
    })
    .await;
}

/// The client never answers.
#[tokio::test(start_paused = true)]
async fn the_end_of_a_task_ends_its_questions() {
    let asked = Asked::default();
    let setup = || asked.client(|_| None);
    each(setup, async |client| {
        let id = create(&client, "introduce").await;
        let calls: Vec<_> =
            (0..2).map(|_| client.start("tasks/result", json!({ "taskId": id }))).collect();
        settle().await;
        assert_eq!(asked.take().len(), 2);
        client.ok("tasks/cancel", json!({ "taskId": id })).await;
        let cancelled_at = tokio::time::Instant::now();
        for call in calls {
            let error = call.answer().await.unwrap_err();
            assert_eq!((error.code, &*error.message), (-32602, "the task was cancelled"));
        }
        assert!(cancelled_at.elapsed().as_secs() < 1, "{:?}", cancelled_at.elapsed());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn another_request_asks_when_the_one_that_asks_is_cancelled() {
    let asked = Asked::default();
    let is_answering = Arc::<std::sync::atomic::AtomicBool>::default();
    let setup = || {
        is_answering.store(false, Ordering::Relaxed);
        let is_answering = Arc::clone(&is_answering);
        asked.client(
            move |message| {
                if is_answering.load(Ordering::Relaxed) { name(message) } else { None }
            },
        )
    };
    each(setup, async |client| {
        let id = create(&client, "introduce").await;
        let first = client.start("tasks/result", json!({ "taskId": id }));
        settle().await;
        let second = client.start("tasks/result", json!({ "taskId": id }));
        settle().await;
        assert_eq!(asked.take().len(), 2);
        is_answering.store(true, Ordering::Relaxed);
        client.cancel(&first);
        let result = second.answer().await.unwrap();
        assert_eq!(result["content"][0]["text"], "First name? Last name?");
        assert_eq!(asked.take().len(), 2);
    })
    .await;
}

/// A client that asks for no time at all can still fetch the result.
#[tokio::test(start_paused = true)]
async fn a_task_is_kept_for_two_polls_at_least() {
    #[tool(task)]
    async fn quick() -> &'static str {
        "done"
    }
    for &transport in Transport::ALL {
        let config = TaskConfig::default().result_ttl(std::time::Duration::ZERO);
        let server = built(server().routes(routes![quick]).tasks(config));
        let client = Client::connect(&server, transport, Revision::V2025_11_25).await;
        let call = json!({ "name": "quick", "task": { "ttl": 0 } });
        let created = client.ok("tools/call", call).await;
        assert_eq!(created["task"]["ttl"], 2_000, "{created}");
        let id = created["task"]["taskId"].clone();
        let result = client.ok("tasks/result", json!({ "taskId": id })).await;
        assert_eq!(result["content"][0]["text"], "done");
    }
}

/// Results may be large, so that they are read by those who want them only.
#[tokio::test(start_paused = true)]
async fn a_list_and_a_status_read_no_results() {
    let store = FaultyStore::default();
    let config = TaskConfig::new(store.clone()).plaintext();
    let asked = Asked::default();
    let server = built(tools().tasks(config));
    let client =
        asked.client(name).connect(&server, Transport::Memory, Revision::V2025_11_25).await;
    let user = |mut params: Value| {
        params["_meta"] = json!({ "com.example/user": "ada" });
        params
    };
    let call = user(json!({ "name": "introduce", "task": {} }));
    let id = client.ok("tools/call", call).await["task"]["taskId"].clone();
    client.ok("tasks/result", user(json!({ "taskId": id }))).await;
    store.operations();
    let task = client.ok("tasks/get", user(json!({ "taskId": id }))).await;
    assert_eq!(task["status"], "completed");
    let listed = client.ok("tasks/list", user(json!({}))).await;
    assert_eq!(listed["tasks"], json!([task]));
    assert_eq!(store.operations(), [Operation::Status, Operation::List]);
}
