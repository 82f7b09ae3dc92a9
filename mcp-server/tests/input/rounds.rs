//! Rounds that do not go as planned: missing, wrong or unknown answers; code that changes between
//! rounds; handlers that are cancelled, panic, or ask from another task.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use mcp_server::extract::State;
use mcp_server::input::{Answer, AskError};
use mcp_server::{Context, Elicit, Server, ServerBuilder, routes, tool};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, accept, modern};

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|task| Poll::Ready(future.as_mut().poll(task))).await
}

/// State that changes between rounds, and the number of live handlers.
#[derive(Default)]
struct TestState {
    version: AtomicUsize,
    alive: AtomicUsize,
    started: AtomicUsize,
}

struct Alive(Arc<TestState>);

impl Alive {
    fn new(world: &State<Arc<TestState>>) -> Self {
        world.alive.fetch_add(1, Ordering::SeqCst);
        world.started.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(world))
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Asks for two names, with keys.
#[tool]
async fn pair(ctx: &Context, world: State<Arc<TestState>>) -> Result<String, AskError> {
    let _alive = Alive::new(&world);
    let Name { name: one } = ctx.elicit("First?").key("one").await?;
    let Name { name: other } = ctx.elicit("Second?").key("two").await?;
    Ok(format!("{one} {other}"))
}

/// Asks two questions, in an order and with texts that depend on the version.
#[tool]
async fn versions(ctx: &Context, world: State<Arc<TestState>>) -> Result<String, AskError> {
    let ask = async |question: &str| {
        ctx.elicit::<Name>(question).await.map(|name| format!("{question} {}", name.name))
    };
    let keyed = async |question: &str| {
        ctx.elicit::<Name>(question).key("it").await.map(|name| format!("{question} {}", name.name))
    };
    let questions = match world.version.load(Ordering::SeqCst) {
        0 => ["A?", "B?"],
        1 => ["B?", "A?"],
        2 => ["A, please?", "B?"],
        _ => return Ok(format!("{} {}", keyed("Old?").await?, keyed("New?").await?)),
    };
    Ok(format!("{}, {}", ask(questions[0]).await?, ask(questions[1]).await?))
}

/// Asks one question with one key, whose text depends on the version.
#[tool]
async fn keyed(ctx: &Context, world: State<Arc<TestState>>) -> Result<String, AskError> {
    let text = format!("Version {}?", world.version.load(Ordering::SeqCst));
    let Name { name } = ctx.elicit(text.clone()).key("it").await?;
    Ok(format!("{text} {name}"))
}

/// Asks a different question every time.
#[tool]
async fn volatile(ctx: &Context, world: State<Arc<TestState>>) -> Result<String, AskError> {
    let text = format!("Number {}?", world.version.fetch_add(1, Ordering::SeqCst));
    let Name { name } = ctx.elicit(text).await?;
    Ok(name)
}

/// Asks from another task.
#[tool]
async fn elsewhere(ctx: &Context, world: State<Arc<TestState>>) -> Result<String, String> {
    let (context, alive) = (ctx.clone(), Alive::new(&world));
    let asking = tokio::spawn(async move {
        let _alive = alive;
        tokio::time::sleep(Duration::from_millis(20)).await;
        context.elicit::<Name>("Who?").await
    });
    asking.await.unwrap().map(|name| name.name).map_err(|error| error.to_string())
}

/// Does not wait for the answer to its question.
#[tool]
async fn impatient(ctx: &Context) -> Result<String, AskError> {
    let asking = ctx.elicit::<Name>("Who?").answer();
    futures::pin_mut!(asking);
    if let Poll::Ready(answer) = poll_once(asking.as_mut()).await {
        return Ok(matches!(answer?, Answer::Accept(_)).to_string());
    }
    Ok("did not wait".into())
}

/// Withdraws one question and waits for another.
#[tool]
async fn withdraws(ctx: &Context) -> Result<String, AskError> {
    {
        let asking = ctx.elicit::<Name>("Withdrawn?").answer();
        futures::pin_mut!(asking);
        let _ = poll_once(asking.as_mut()).await;
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    let Name { name } = ctx.elicit("Kept?").await?;
    Ok(name)
}

/// Panics after its answer.
#[tool]
async fn panics(ctx: &Context, world: State<Arc<TestState>>) -> Result<String, AskError> {
    let _alive = Alive::new(&world);
    let Name { name } = ctx.elicit("Who?").key("who").await?;
    panic!("no {name}");
}

/// Takes a long time after its answer.
#[tool]
async fn long(ctx: &Context, world: State<Arc<TestState>>) -> Result<String, AskError> {
    let _alive = Alive::new(&world);
    let Name { name } = ctx.elicit("Who?").key("who").await?;
    tokio::time::sleep(Duration::from_secs(60)).await;
    Ok(name)
}

fn server(world: &Arc<TestState>) -> ServerBuilder {
    Server::builder("test", "1").state(Arc::clone(world)).routes(routes![
        pair, versions, keyed, volatile, elsewhere, impatient, withdraws, panics, long
    ])
}

/// Sends the next round of a tool: answers to the last questions, changed by `change`.
async fn next(
    client: &Client,
    tool: &str,
    last: &Value,
    change: impl FnOnce(&mut Value),
) -> Result<Value, mcp_server::ErrorObject> {
    let mut params = json!({ "name": tool });
    if last.is_object() {
        let asked = last["inputRequests"].as_object().unwrap();
        let answer = |(key, request): (&String, &Value)| {
            let text = request["params"]["message"].as_str().unwrap().trim_end_matches('?');
            (key.clone(), accept(json!({ "name": format!("re {text}") })))
        };
        params["inputResponses"] =
            asked.iter().map(answer).collect::<serde_json::Map<_, _>>().into();
        params["requestState"] = last["requestState"].clone();
    }
    change(&mut params);
    client.once("tools/call", params).await
}

fn keys(round: &Value) -> Vec<&str> {
    round["inputRequests"].as_object().unwrap().keys().map(String::as_str).collect()
}

fn message(round: &Value) -> &str {
    round["inputRequests"].as_object().unwrap().values().next().unwrap()["params"]["message"]
        .as_str()
        .unwrap()
}

fn text(result: &Value) -> &str {
    assert_eq!(result["resultType"], "complete", "{result}");
    result["content"][0]["text"].as_str().unwrap()
}

async fn open() -> (Client, Arc<TestState>) {
    let world = Arc::default();
    (modern(server(&world)).await, world)
}

#[tokio::test]
async fn missing_answers_are_asked_again_and_others_ignored() {
    let (client, _) = open().await;
    let first = next(&client, "pair", &Value::Null, |_| {}).await.unwrap();
    assert_eq!(keys(&first), ["one"]);
    let name = || accept(json!({ "name": "Eve" }));
    for responses in [
        json!({}),
        json!({ "wrong": name() }),
        json!({ "two": name() }),
        json!({ "": 1, "x": null }),
    ] {
        let again = next(&client, "pair", &first, |params| params["inputResponses"] = responses)
            .await
            .unwrap();
        assert_eq!(keys(&again), ["one"]);
        // Answers to questions that were not asked are not kept for later either.
        let second = next(&client, "pair", &again, |_| {}).await.unwrap();
        assert_eq!(keys(&second), ["two"]);
        assert_eq!(
            text(&next(&client, "pair", &second, |_| {}).await.unwrap()),
            "re First re Second"
        );
    }
    // Without a state, the call starts again. In the first round, unsolicited answers count.
    let lost = client.once("tools/call", json!({ "name": "pair" })).await.unwrap();
    assert_eq!(keys(&lost), ["one"]);
    let early =
        json!({ "name": "pair", "inputResponses": { "one": name(), "x": 5, "two": name() } });
    assert_eq!(text(&client.once("tools/call", early).await.unwrap()), "Eve Eve");
    let early = json!({ "name": "pair", "requestState": null, "inputResponses": { "one": 12345 } });
    assert_eq!(client.once("tools/call", early).await.unwrap_err().code(), -32602);
    // With only a state, the question is asked again.
    let alone = next(&client, "pair", &first, |params| {
        drop(params.as_object_mut().unwrap().remove("inputResponses"));
    });
    assert_eq!(keys(&alone.await.unwrap()), ["one"]);
    // The answer to an answered question cannot be changed later.
    let second = next(&client, "pair", &first, |_| {}).await.unwrap();
    let last = next(&client, "pair", &second, |params| params["inputResponses"]["one"] = name())
        .await
        .unwrap();
    assert_eq!(text(&last), "re First re Second");
}

#[tokio::test]
async fn malformed_answers_are_refused() {
    let (client, _) = open().await;
    let first = next(&client, "pair", &Value::Null, |_| {}).await.unwrap();
    for responses in [json!(null), json!([]), json!("x"), json!(1)] {
        let error = next(&client, "pair", &first, |params| params["inputResponses"] = responses)
            .await
            .unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (-32602, "/inputResponses: expected an object")
        );
    }
    for answer in [
        json!(12345),
        json!(null),
        json!({}),
        json!({ "action": "maybe" }),
        json!({ "action": "accept" }),
        json!({ "action": "accept", "content": { "name": 5 } }),
        json!({ "action": "accept", "content": { "other": "x" } }),
        json!({ "action": "accept", "content": [] }),
    ] {
        let error = next(&client, "pair", &first, |params| {
            params["inputResponses"]["one"] = answer.clone();
        })
        .await;
        let error = error.unwrap_err();
        assert_eq!(error.code(), -32602, "{answer} {error}");
        assert!(error.message().starts_with("/inputResponses"), "{error}");
    }
    for state in [json!(5), json!({}), json!(""), json!("x"), json!(["a"])] {
        let error = next(&client, "pair", &first, |params| params["requestState"] = state)
            .await
            .unwrap_err();
        assert_eq!(error.code(), -32602);
    }
}

#[tokio::test]
async fn code_that_changes_between_rounds_never_receives_a_wrong_answer() {
    for (version, expected) in
        [(0, "A? re A, B? re B"), (1, "B? re B, A? re A"), (2, "A, please? re A, please, B? re B")]
    {
        let (client, world) = open().await;
        let mut round = next(&client, "versions", &Value::Null, |_| {}).await.unwrap();
        assert_eq!(message(&round), "A?");
        world.version.store(version, Ordering::SeqCst);
        while round["resultType"] == "input_required" {
            round = next(&client, "versions", &round, |_| {}).await.unwrap();
        }
        assert_eq!(text(&round), expected);
    }
    // Two questions with one key are distinguished.
    let (client, world) = open().await;
    world.version.store(9, Ordering::SeqCst);
    let first = next(&client, "versions", &Value::Null, |_| {}).await.unwrap();
    let second = next(&client, "versions", &first, |_| {}).await.unwrap();
    assert_eq!((keys(&first), keys(&second)), (vec!["it"], vec!["it#2"]));
    assert_eq!(
        text(&next(&client, "versions", &second, |_| {}).await.unwrap()),
        "Old? re Old New? re New"
    );
}

#[tokio::test]
async fn a_question_whose_text_changed_is_asked_again() {
    let (client, world) = open().await;
    let first = next(&client, "keyed", &Value::Null, |_| {}).await.unwrap();
    world.version.store(1, Ordering::SeqCst);
    let second = next(&client, "keyed", &first, |_| {}).await.unwrap();
    assert_eq!((message(&second), keys(&second)), ("Version 1?", vec!["it"]));
    assert_eq!(
        text(&next(&client, "keyed", &second, |_| {}).await.unwrap()),
        "Version 1? re Version 1"
    );
    // A question that changes in every round is reported, long before the limit of rounds.
    let mut round = next(&client, "volatile", &Value::Null, |_| {}).await;
    let mut rounds = 0;
    while let Ok(last) = round {
        rounds += 1;
        round = next(&client, "volatile", &last, |_| {}).await;
    }
    assert_eq!(rounds, 3);
    assert_eq!(round.unwrap_err().message(), "the questions of this call change in every round");
}

#[tokio::test(start_paused = true)]
async fn another_task_can_ask_and_ends_with_the_round() {
    let (client, world) = open().await;
    let first = next(&client, "elsewhere", &Value::Null, |_| {}).await.unwrap();
    assert_eq!(message(&first), "Who?");
    assert_eq!(text(&next(&client, "elsewhere", &first, |_| {}).await.unwrap()), "re Who");
    for _ in 0..100 {
        next(&client, "elsewhere", &Value::Null, |_| {}).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(world.alive.load(Ordering::SeqCst), 0);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_not_awaited_is_not_sent() {
    let (client, _) = open().await;
    assert_eq!(
        text(&next(&client, "impatient", &Value::Null, |_| {}).await.unwrap()),
        "did not wait"
    );
    let first = next(&client, "withdraws", &Value::Null, |_| {}).await.unwrap();
    assert_eq!((message(&first), keys(&first).len()), ("Kept?", 1));
    assert_eq!(text(&next(&client, "withdraws", &first, |_| {}).await.unwrap()), "re Kept");
}

#[tokio::test]
async fn an_abandoned_call_holds_no_resources() {
    let (client, world) = open().await;
    let before = Arc::strong_count(&world);
    for _ in 0..1_000 {
        next(&client, "pair", &Value::Null, |_| {}).await.unwrap();
    }
    assert_eq!(world.started.load(Ordering::SeqCst), 1_000);
    assert_eq!(world.alive.load(Ordering::SeqCst), 0);
    assert_eq!(Arc::strong_count(&world), before);
}

#[tokio::test(start_paused = true)]
async fn a_panic_or_a_cancellation_between_rounds_drops_the_handler() {
    let (client, world) = open().await;
    let first = next(&client, "panics", &Value::Null, |_| {}).await.unwrap();
    assert_eq!(next(&client, "panics", &first, |_| {}).await.unwrap_err().code(), -32603);
    assert_eq!(world.alive.load(Ordering::SeqCst), 0);
    let first = next(&client, "long", &Value::Null, |_| {}).await.unwrap();
    let cancelled =
        tokio::time::timeout(Duration::from_secs(1), next(&client, "long", &first, |_| {})).await;
    assert!(cancelled.is_err());
    assert_eq!(world.alive.load(Ordering::SeqCst), 0);
    // The state can still be redeemed.
    assert_eq!(text(&next(&client, "long", &first, |_| {}).await.unwrap()), "re Who");
}
