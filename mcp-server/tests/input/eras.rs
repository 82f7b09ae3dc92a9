//! The same function on every link and in every revision.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_server::extract::State;
use mcp_server::input::{Answer, AskError};
use mcp_server::types::PromptMessage;
use mcp_server::types::{CreateMessageParams, SamplingMessage};
use mcp_server::{
    Context, Elicit, Revision, Server, ServerBuilder, prompt, resource, routes, tool,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::{Client, accept, everywhere, modern};

#[derive(Deserialize, Elicit)]
struct Name {
    name: String,
}

#[derive(Deserialize, Elicit)]
struct Age {
    age: u8,
}

/// Whoever it is.
#[tool]
async fn greet(ctx: &Context) -> Result<String, AskError> {
    Ok(match ctx.elicit::<Name>("Who are you?").key("name").answer().await? {
        Answer::Accept(Name { name }) => format!("Hello, {name}!"),
        Answer::Decline => "Then not.".into(),
        Answer::Cancel => "Never mind.".into(),
    })
}

/// Two questions, one after the other.
#[tool]
async fn two(ctx: &Context) -> Result<String, AskError> {
    let Name { name } = ctx.elicit("Who are you?").await?;
    let Age { age } = ctx.elicit(format!("How old are you, {name}?")).await?;
    Ok(format!("{name} is {age}"))
}

/// Two questions at once.
#[tool]
async fn both(ctx: &Context) -> Result<String, AskError> {
    let (name, age) = tokio::try_join!(ctx.elicit::<Name>("Name?"), ctx.elicit::<Age>("Age?"))?;
    Ok(format!("{} is {}", name.name, age.age))
}

/// Many questions at once, of one line.
#[tool]
async fn crowd(ctx: &Context, people: usize) -> Result<String, AskError> {
    let asking =
        (0..people).map(async |number| ctx.elicit::<Name>(format!("Name of {number}?")).await);
    let names = futures::future::try_join_all(asking).await?;
    Ok(names.into_iter().map(|name| name.name).collect::<Vec<_>>().join(" "))
}

/// The same question until it is enough.
#[tool]
async fn list(ctx: &Context) -> Result<String, AskError> {
    let mut names = Vec::new();
    while let Answer::Accept(Name { name }) = ctx.elicit("One more?").answer().await? {
        names.push(name);
    }
    Ok(names.join(" "))
}

/// A question that depends on an answer.
#[tool]
async fn branch(ctx: &Context) -> Result<String, AskError> {
    let Age { age } = ctx.elicit("Age?").await?;
    if age < 18 {
        let Name { name } = ctx.elicit("Name of a parent?").await?;
        return Ok(format!("ask {name}"));
    }
    Ok("adult".into())
}

/// Work before a question.
#[tool]
async fn work(ctx: &Context, done: State<Arc<AtomicUsize>>) -> Result<String, AskError> {
    let count = async || {
        tokio::task::yield_now().await;
        done.fetch_add(1, Ordering::SeqCst) + 1
    };
    let mut seen = Vec::new();
    for _ in 0..2 {
        seen.push(ctx.step("count", count()).await);
    }
    let Name { name } = ctx.elicit("Who are you?").await?;
    let last: Result<usize, &str> = ctx.try_step("fails", async { Err("failed") }).await;
    Ok(format!("{name} {seen:?} {last:?}"))
}

/// Asks the model, then for roots, then for a visit.
#[tool]
async fn others(ctx: &Context) -> Result<String, AskError> {
    let said = ctx
        .create_message(CreateMessageParams::new([SamplingMessage::user("Capital of France?")], 10))
        .await?;
    let roots = ctx.list_roots().await?;
    let visit = match ctx.can_elicit_url() {
        true => format!("{:?}", ctx.elicit_url("Pay here", "https://pay.example/1").await?),
        false => "none".into(),
    };
    Ok(format!("{} {} {visit}", said.content.as_text().unwrap_or_default(), roots[0].uri))
}

/// About somebody.
#[prompt]
async fn about(ctx: &Context, tone: String) -> Result<PromptMessage, AskError> {
    let Name { name } = ctx.elicit("About whom?").await?;
    Ok(PromptMessage::user(format!("Write about {name}, {tone}.")))
}

/// Notes of somebody.
#[resource("notes://{id}")]
async fn notes(ctx: &Context, id: String) -> Result<String, AskError> {
    let Name { name } = ctx.elicit("Whose?").await?;
    Ok(format!("{name}: note {id}"))
}

fn server() -> ServerBuilder {
    Server::builder("test", "1")
        .state(Arc::new(AtomicUsize::new(0)))
        .routes(routes![greet, two, both, crowd, list, branch, work, others, about, notes])
}

/// Ann, who is 9.
fn ann(method: &str, params: &Value) -> Value {
    match method {
        "sampling/createMessage" => {
            json!({ "role": "assistant", "content": { "type": "text", "text": "Paris" }, "model": "m" })
        }
        "roots/list" => json!({ "roots": [{ "uri": "file:///home" }] }),
        _ if params["mode"] == "url" => json!({ "action": "accept" }),
        _ => {
            let known = json!({ "name": "Ann", "age": 9 });
            let fields = params["requestedSchema"]["properties"].as_object().unwrap();
            accept(fields.keys().map(|field| (field.clone(), known[field].clone())).collect())
        }
    }
}

#[tokio::test]
async fn accept_decline_cancel() {
    everywhere(async |link, revision| {
        for (answer, expected) in [
            (accept(json!({ "name": "Ann" })), "Hello, Ann!"),
            (json!({ "action": "decline" }), "Then not."),
            (json!({ "action": "cancel" }), "Never mind."),
        ] {
            let client = Client::open(server(), link, revision, move |_, _| answer.clone()).await;
            assert_eq!(client.text("greet", json!({})).await, expected, "{link:?} {revision}");
            assert_eq!(client.questions(), 1);
        }
        let client =
            Client::open(server(), link, revision, |_, _| json!({ "action": "decline" })).await;
        let refused = client.tool("two", json!({})).await.unwrap();
        assert_eq!(refused["isError"], true, "{refused}");
    })
    .await;
}

#[tokio::test]
async fn questions_one_after_the_other() {
    everywhere(async |link, revision| {
        let client = Client::open(server(), link, revision, ann).await;
        assert_eq!(client.text("two", json!({})).await, "Ann is 9");
        assert_eq!(client.questions(), 2);
        if client.is_modern() {
            assert_eq!(
                client.rounds.lock().unwrap().iter().map(Vec::len).collect::<Vec<_>>(),
                [1, 1]
            );
        }
        let messages: Vec<_> = client
            .asked
            .lock()
            .unwrap()
            .iter()
            .map(|(_, params)| params["message"].clone())
            .collect();
        assert_eq!(messages, ["Who are you?", "How old are you, Ann?"]);
    })
    .await;
}

#[tokio::test]
async fn joined_questions_are_one_round() {
    everywhere(async |link, revision| {
        let client = Client::open(server(), link, revision, ann).await;
        assert_eq!(client.text("both", json!({})).await, "Ann is 9");
        assert_eq!(client.questions(), 2);
        if client.is_modern() {
            assert_eq!(client.rounds.lock().unwrap().len(), 1);
        }
        // More futures than are polled in one go, and more questions than fit into a round.
        let people = 40;
        let client = Client::open(server(), link, revision, |_, params| {
            let message = params["message"].as_str().unwrap().to_owned();
            accept(json!({ "name": message.trim_matches(|c: char| !c.is_ascii_digit()) }))
        })
        .await;
        let expected =
            (0..people).map(|number: usize| number.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(client.text("crowd", json!({ "people": people })).await, expected);
        assert_eq!(client.questions(), people);
        if client.is_modern() {
            assert_eq!(
                client.rounds.lock().unwrap().iter().map(Vec::len).collect::<Vec<_>>(),
                [16, 16, 8]
            );
        }
    })
    .await;
}

#[tokio::test]
async fn loops_and_branches() {
    everywhere(async |link, revision| {
        let left = AtomicUsize::new(0);
        let client = Client::open(server(), link, revision, move |_, _| {
            match left.fetch_add(1, Ordering::SeqCst) {
                number @ 0..3 => accept(json!({ "name": number.to_string() })),
                _ => json!({ "action": "decline" }),
            }
        })
        .await;
        assert_eq!(client.text("list", json!({})).await, "0 1 2");
        let client = Client::open(server(), link, revision, ann).await;
        assert_eq!(client.text("branch", json!({})).await, "ask Ann");
        let client =
            Client::open(server(), link, revision, |_, _| accept(json!({ "age": 30 }))).await;
        assert_eq!(client.text("branch", json!({})).await, "adult");
        assert_eq!(client.questions(), 1);
    })
    .await;
}

#[tokio::test]
async fn steps_are_done_once() {
    everywhere(async |link, revision| {
        let client = Client::open(server(), link, revision, ann).await;
        assert_eq!(client.text("work", json!({})).await, r#"Ann [1, 2] Err("failed")"#);
    })
    .await;
}

#[tokio::test]
async fn sampling_roots_and_urls() {
    everywhere(async |link, revision| {
        let client = Client::open(server(), link, revision, ann).await;
        let url = if revision == Revision::V2025_06_18 { "none" } else { "Accept(())" };
        assert_eq!(client.text("others", json!({})).await, format!("Paris file:///home {url}"));
        let asked = client.asked.lock().unwrap();
        if let Some((_, params)) = asked.iter().find(|(_, params)| params["mode"] == "url") {
            let has_id = params["elicitationId"].as_str().is_some_and(|id| id.len() == 32);
            assert_eq!(has_id, revision == Revision::V2025_11_25, "{params}");
        }
    })
    .await;
}

#[tokio::test]
async fn prompts_and_resources_ask_too() {
    everywhere(async |link, revision| {
        let client = Client::open(server(), link, revision, ann).await;
        let params = json!({ "name": "about", "arguments": { "tone": "warm" } });
        let prompt = client.request("prompts/get", params).await.unwrap();
        assert_eq!(prompt["messages"][0]["content"]["text"], "Write about Ann, warm.");
        let resource =
            client.request("resources/read", json!({ "uri": "notes://7" })).await.unwrap();
        assert_eq!(resource["contents"][0]["text"], "Ann: note 7");
        assert_eq!(client.questions(), 2);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_asked_that_was_not_declared() {
    everywhere(async |link, revision| {
        let server = server().build().unwrap();
        let open = |capabilities| {
            Client::open_with(
                &server,
                link,
                revision,
                capabilities,
                Arc::new(|_: &str, _: &Value| json!({})),
            )
        };
        for (tool, capabilities, required) in [
            ("greet", json!({}), json!({ "elicitation": { "form": {} } })),
            (
                "greet",
                json!({ "elicitation": { "url": {} } }),
                json!({ "elicitation": { "form": {} } }),
            ),
            ("others", json!({ "elicitation": {} }), json!({ "sampling": {} })),
        ] {
            let client = open(capabilities).await;
            let result = client.tool(tool, json!({})).await;
            if client.is_modern() {
                let error = result.unwrap_err();
                assert_eq!(error.code(), -32021);
                let data: Value = serde_json::from_str(error.data().unwrap().get()).unwrap();
                assert_eq!(data, json!({ "requiredCapabilities": required }));
            } else {
                assert_eq!(result.unwrap()["isError"], true);
            }
            assert_eq!(client.questions(), 0);
        }
        // `{}` stands for forms.
        let client = open(json!({ "elicitation": {} })).await;
        if client.is_modern() {
            let round = client.once("tools/call", json!({ "name": "greet" })).await.unwrap();
            assert_eq!(round["resultType"], "input_required");
        }
    })
    .await;
}

#[tokio::test]
async fn what_a_round_looks_like() {
    let client = modern(server()).await;
    let round = client.once("tools/call", json!({ "name": "greet" })).await.unwrap();
    assert_eq!(round["resultType"], "input_required");
    assert_eq!(
        round["inputRequests"],
        json!({ "name": { "method": "elicitation/create", "params": {
            "message": "Who are you?",
            "requestedSchema": {
                "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"]
            }
        } } })
    );
    assert!(round["requestState"].is_string());
    assert_eq!(round["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "test");
    assert!(round.get("ttlMs").is_none() && round.get("content").is_none());
    let read = client.once("resources/read", json!({ "uri": "notes://7" })).await.unwrap();
    assert!(read.get("ttlMs").is_none() && read.get("cacheScope").is_none(), "{read}");
    // The line that asks is not told.
    let key = read["inputRequests"].as_object().unwrap().keys().next().unwrap();
    assert!(key.starts_with("ask-") && !key.contains("rs"), "{key}");
}
