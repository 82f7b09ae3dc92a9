//! Results that ask for input (MRTR), by handlers and by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_client::types::{
    CreateMessageResult, ElicitResult, InputRequest, InputResponses, Role, Root, SamplingContent,
};
use mcp_client::{
    Client, ClientBuilder, ErrorKind, Expired, Outcome, Revision, SavedInput, ToolReply,
};
use mcp_test_support::message::text;
use mcp_test_support::{soon, with};
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use crate::fake::{Fake, legacy_with, modern, modern_with};

const STATE: &str = "s\u{e9}al \"1\"\n\u{1f600}";

fn question(message: &str) -> Value {
    let schema = json!({"type": "object", "properties": {"ok": {"type": "boolean"}}});
    json!({"method": "elicitation/create", "params": {"message": message, "requestedSchema": schema}})
}

fn asks(requests: Value) -> Value {
    json!({"resultType": "input_required", "inputRequests": requests, "requestState": STATE})
}

fn accept() -> ElicitResult {
    ElicitResult::accept(json!({ "ok": true })).unwrap()
}

async fn round(fake: &mut Fake, result: Value) -> Value {
    let request = fake.expect("tools/call").await;
    fake.reply(&request, result).await;
    request
}

#[tokio::test(start_paused = true)]
async fn handlers_answer_round_by_round_with_the_state_as_it_came() {
    let builder = Client::builder().roots([Root::new("file:///r")]).on_elicit(|form| async move {
        // At the same time: one after the other they would take 40 s.
        sleep(Duration::from_secs(20)).await;
        assert!(form.message.starts_with("sure"));
        Ok(accept())
    });
    let (client, mut fake) = modern_with(builder).await;
    let begun = tokio::time::Instant::now();
    let reply = with(client.call_tool("deploy", &json!({"to": "prod"})), async {
        let questions = json!({"a": question("sure?"), "b": question("surely?"), "c": {"method": "roots/list"}});
        let first = round(&mut fake, asks(questions)).await;
        assert_eq!(
            first["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"],
            json!({"elicitation": {}, "roots": {}})
        );
        // A state alone: go on at once, without answers.
        let second =
            round(&mut fake, json!({"resultType": "input_required", "requestState": "2"})).await;
        assert_ne!(second["id"], first["id"]);
        assert_eq!(second["params"]["arguments"], json!({"to": "prod"}));
        assert_eq!(second["params"]["requestState"], STATE);
        let accepted = json!({"action": "accept", "content": {"ok": true}});
        assert_eq!(
            second["params"]["inputResponses"],
            json!({"a": accepted, "b": accepted, "c": {"roots": [{"uri": "file:///r"}]}})
        );
        // No state: none is sent.
        let third = round(
            &mut fake,
            json!({"resultType": "input_required", "inputRequests": {"d": question("sure")}}),
        )
        .await;
        assert_eq!(third["params"]["requestState"], "2");
        assert!(third["params"].get("inputResponses").is_none());
        let last = round(&mut fake, text("deployed")).await;
        assert!(last["params"].get("requestState").is_none());
        assert_eq!(last["params"]["inputResponses"], json!({ "d": accepted }));
    });
    assert_eq!(reply.await.unwrap().text(), "deployed");
    assert_eq!(begun.elapsed().as_secs(), 40);
}

#[tokio::test]
async fn rounds_and_questions_are_bounded() {
    let builder = Client::builder().on_elicit(|_| async { Ok(accept()) });
    let (client, mut fake) = modern_with(builder).await;
    let error = with(client.call_tool("x", &()), async {
        for _ in 0..11 {
            round(&mut fake, asks(json!({"a": question("again?")}))).await;
        }
    });
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::InputRequired);
    let many: Map<String, Value> = (0..17).map(|n| (n.to_string(), question("?"))).collect();
    let error = with(client.call_tool("x", &()), async {
        round(&mut fake, asks(json!(many))).await;
    });
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::Decode);
}

#[tokio::test]
async fn questions_that_were_not_declared_are_not_answered() {
    let (client, mut fake) = modern().await;
    for request in
        [question("?"), json!({"method": "roots/list"}), json!({"method": "x/y", "params": {}})]
    {
        let error = with(client.call_tool("x", &()), async {
            round(&mut fake, asks(json!({ "a": request }))).await;
        });
        assert_eq!(error.await.unwrap_err().kind(), ErrorKind::InputRequired);
    }
    // A mode without a handler.
    let (client, mut fake) =
        modern_with(Client::builder().on_elicit(|_| async { Ok(accept()) })).await;
    let url = json!({"mode": "url", "message": "m", "url": "https://e.example"});
    let error = with(client.call_tool("x", &()), async {
        round(&mut fake, asks(json!({"a": {"method": "elicitation/create", "params": url}}))).await;
    });
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::InputRequired);
}

/// Asks a client of each era one question, and returns what the server gets: the response of a
/// legacy request, or nothing if a modern call fails instead of being repeated.
async fn answered(builder: ClientBuilder, method: &str, params: Value) -> [Option<Value>; 2] {
    let (client, mut fake, _) = legacy_with(builder.clone(), "2025-11-25").await;
    let request = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params});
    fake.send(request).await;
    let legacy = fake.next().await;
    drop(client);
    let (client, mut fake) = modern_with(builder).await;
    let mut modern = None;
    let call = client.call_tool("x", &()).into_future();
    let serve = async {
        let question = json!({"a": {"method": method, "params": params}});
        round(&mut fake, asks(question)).await;
        let request = fake.expect("tools/call").await;
        modern = Some(request["params"]["inputResponses"]["a"].clone());
        fake.reply(&request, text("done")).await;
    };
    tokio::select! {
        reply = call => assert_eq!(reply.unwrap_err().kind(), ErrorKind::InputRequired),
        () = serve => {}
    }
    [legacy.get("result").cloned(), modern]
}

#[tokio::test]
async fn a_form_that_does_not_fit_its_schema_is_not_sent() {
    let schema = json!({
        "type": "object",
        "properties": {"age": {"type": "integer", "minimum": 18}},
        "required": ["age"],
    });
    let params = json!({"message": "age?", "requestedSchema": schema});
    for (content, fits) in [
        (json!({"age": 20}), true),
        (json!({"age": 3}), false),
        (json!({"age": "20"}), false),
        (json!({}), false),
    ] {
        let Value::Object(filled) = content.clone() else { panic!("an object") };
        let builder = Client::builder().on_elicit(move |_| {
            let filled = filled.clone();
            async move { ElicitResult::accept(filled) }
        });
        for sent in answered(builder, "elicitation/create", params.clone()).await {
            let expected = fits.then(|| json!({"action": "accept", "content": content}));
            assert_eq!(sent, expected, "{content}");
        }
    }
    // What is declined has nothing to check.
    let builder = Client::builder().on_elicit(|_| async { Ok(ElicitResult::decline()) });
    for sent in answered(builder, "elicitation/create", params).await {
        assert_eq!(sent, Some(json!({"action": "decline"})));
    }
}

#[tokio::test]
async fn a_conversation_whose_tool_results_do_not_match_reaches_no_model() {
    let uses = json!({"type": "tool_use", "id": "1", "name": "t", "input": {}});
    let result = json!({"type": "tool_result", "toolUseId": "1", "content": []});
    let text = json!({"type": "text", "text": "hi"});
    let user = |content: &Value| json!({"role": "user", "content": content});
    let assistant = json!({"role": "assistant", "content": uses});
    for (messages, is_valid) in [
        (json!([user(&text), assistant, user(&result)]), true),
        (json!([user(&text), assistant]), false),
        (json!([user(&result)]), false),
        (json!([user(&text), assistant, user(&json!([result, text]))]), false),
    ] {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let builder = Client::builder().sampling_tools().on_create_message(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            async {
                let said = SamplingContent::text("said");
                Ok(CreateMessageResult::new(Role::Assistant, said, "m"))
            }
        });
        let params = json!({"messages": messages, "maxTokens": 5});
        for sent in answered(builder, "sampling/createMessage", params).await {
            assert_eq!(sent.is_some(), is_valid, "{messages}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), if is_valid { 2 } else { 0 }, "{messages}");
    }
}

#[tokio::test]
async fn a_root_is_a_file() {
    for uri in ["https://example.com/", "/projects/app", "fil", "x"] {
        let ((reader, writer), _fake) = Fake::new();
        let connect = Client::builder().roots([Root::new(uri)]).connect(reader, writer);
        let error = connect.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(uri), "{error}");
    }
    let (client, _fake) = modern_with(Client::builder().roots([Root::new("FILE:///a")])).await;
    client.set_roots([Root::new("file:///b")]).await.unwrap();
    let error = client.set_roots([Root::new("s3://bucket")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[tokio::test(start_paused = true)]
async fn the_time_of_a_person_is_part_of_the_total_timeout_unless_it_is_excluded() {
    const MINUTE: Duration = Duration::from_secs(60);
    for (exclude, thinking, is_done) in
        [(false, 1, true), (false, 15, false), (true, 15, true), (true, 600, true)]
    {
        let builder =
            Client::builder().exclude_input_time(exclude).on_elicit(move |_| async move {
                sleep(thinking * MINUTE).await;
                Ok(accept())
            });
        let (client, mut fake) = modern_with(builder.clone()).await;
        let modern = with(client.call_tool("x", &()), async {
            round(&mut fake, asks(json!({"a": question("?")}))).await;
            if is_done {
                round(&mut fake, text("done")).await;
            }
        });
        let modern = modern.await;
        let (client, mut fake, _) = legacy_with(builder, "2025-11-25").await;
        let legacy = with(client.call_tool("x", &()), async {
            let request = fake.expect("tools/call").await;
            let params = question("?")["params"].clone();
            let asks = json!({"jsonrpc": "2.0", "id": 1, "method": "elicitation/create"});
            let mut asks = asks;
            asks["params"] = params;
            fake.send(asks).await;
            if is_done {
                fake.next().await;
                fake.reply(&request, text("done")).await;
            }
        });
        for reply in [modern, legacy.await] {
            match reply {
                Ok(_) => assert!(is_done, "{exclude} {thinking}"),
                Err(error) => assert_eq!(error.expired(), Some(Expired::Total), "{error}"),
            }
        }
    }
    // Silence that follows the answer counts again.
    let builder = Client::builder().exclude_input_time(true).on_elicit(|_| async {
        sleep(100 * MINUTE).await;
        Ok(accept())
    });
    let (client, mut fake, _) = legacy_with(builder, "2025-11-25").await;
    let begun = tokio::time::Instant::now();
    let call = client.call_tool("x", &()).timeout(Duration::MAX);
    let error = with(call, async {
        fake.expect("tools/call").await;
        let mut asks = json!({"jsonrpc": "2.0", "id": 1, "method": "elicitation/create"});
        asks["params"] = question("?")["params"].clone();
        fake.send(asks).await;
        fake.next().await;
    });
    assert_eq!(error.await.unwrap_err().expired(), Some(Expired::Total));
    assert_eq!(begun.elapsed().as_secs() / 60, 110, "10 minutes of the server");
}

#[tokio::test(start_paused = true)]
async fn the_total_timeout_is_that_of_all_rounds() {
    let builder = Client::builder().on_elicit(|_| async {
        sleep(Duration::from_secs(90)).await;
        Ok(accept())
    });
    let (client, mut fake) = modern_with(builder).await;
    let call = client.call_tool("x", &()).total_timeout(Duration::from_secs(200));
    let error = with(call, async {
        for _ in 0..3 {
            round(&mut fake, asks(json!({"a": question("?")}))).await;
        }
    });
    assert_eq!(error.await.unwrap_err().expired(), Some(Expired::Total));
}

#[tokio::test]
async fn the_caller_can_answer_by_hand() {
    let (client, mut fake) = modern().await;
    let (outcome, _) = tokio::join!(
        client.call_tool("x", &json!({"n": 1})).once().into_future(),
        round(&mut fake, asks(json!({"a": question("sure?")})))
    );
    let Outcome::InputRequired(pending) = outcome.unwrap() else { panic!("it asks") };
    let questions = pending.asked.input_requests.as_ref().unwrap();
    assert!(matches!(&questions["a"], InputRequest::Elicit(params) if params.message() == "sure?"));
    let mut responses = InputResponses::new();
    responses.insert("a", &accept()).unwrap();
    let (outcome, second) = tokio::join!(
        pending.resume(responses).into_future(),
        round(&mut fake, asks(json!({"b": question("?")})))
    );
    assert_eq!(second["params"]["requestState"], STATE);
    let Outcome::InputRequired(pending) = outcome.unwrap() else { panic!("it asks again") };
    let (outcome, third) = tokio::join!(
        pending.resume(InputResponses::new()).into_future(),
        round(&mut fake, text("done"))
    );
    // Only the last answers, and the first params.
    assert_eq!(third["params"]["inputResponses"], json!({}));
    assert_eq!(third["params"]["arguments"], json!({"n": 1}));
    let Outcome::Complete(reply) = outcome.unwrap() else { panic!("it is done") };
    assert_eq!(reply.text(), "done");
}

#[tokio::test]
async fn what_came_of_answers_is_not_kept() {
    let builder = Client::builder().on_elicit(|_| async { Ok(accept()) });
    let (client, mut fake) = modern_with(builder).await;
    for _ in 0..2 {
        let read = with(client.read_resource("note://1"), async {
            let request = fake.expect("resources/read").await;
            fake.reply(&request, asks(json!({"a": question("?")}))).await;
            let request = fake.expect("resources/read").await;
            let contents = json!([{"uri": "note://1", "text": "secret"}]);
            fake.reply(&request, json!({"contents": contents, "ttlMs": 60_000})).await;
        });
        // If the second call were answered from the cache, its request would never arrive.
        soon(read).await.unwrap();
    }
}

/// A call that waits for an answer, and was written down.
async fn saved(arguments: &Value) -> String {
    let (client, mut fake) = modern().await;
    let (outcome, _) = tokio::join!(
        client
            .call_tool("x", arguments)
            .meta(mcp_client::meta::Meta::new().with("trace", 7))
            .once()
            .into_future(),
        round(&mut fake, asks(json!({"a": question("sure?")})))
    );
    let Outcome::InputRequired(pending) = outcome.unwrap() else { panic!("it asks") };
    serde_json::to_string(&pending.save()).unwrap()
}

#[tokio::test]
async fn a_call_that_waits_for_answers_goes_on_in_another_process() {
    let kept = saved(&json!({"n": 1})).await;
    let saved: SavedInput = serde_json::from_str(&kept).unwrap();
    assert_eq!((saved.method(), saved.revision()), ("tools/call", "2026-07-28"));
    assert_eq!(saved.server(), "fake", "what the server calls itself, without another name");

    let (client, mut fake) = modern().await;
    let pending = client.restore::<ToolReply>(saved).unwrap();
    let questions = pending.asked.input_requests.as_ref().unwrap();
    assert!(matches!(&questions["a"], InputRequest::Elicit(params) if params.message() == "sure?"));
    let mut responses = InputResponses::new();
    responses.insert("a", &accept()).unwrap();
    let (outcome, next) =
        tokio::join!(pending.resume(responses).into_future(), round(&mut fake, text("done")));
    assert_eq!(next["params"]["requestState"], STATE, "byte for byte");
    assert_eq!(
        (&next["params"]["name"], &next["params"]["arguments"]),
        (&json!("x"), &json!({"n": 1}))
    );
    assert_eq!(next["params"]["inputResponses"]["a"]["action"], "accept");
    assert_eq!(next["params"]["_meta"]["trace"], 7);
    let Outcome::Complete(reply) = outcome.unwrap() else { panic!("it is done") };
    assert_eq!(reply.text(), "done");
}

#[tokio::test]
async fn a_saved_call_is_refused_where_it_does_not_fit() {
    let kept = saved(&json!({})).await;
    let (client, _fake) = modern().await;
    let (older, _its_fake, _) =
        legacy_with(Client::builder(), Revision::V2025_11_25.as_str()).await;
    let read = |text: &str| serde_json::from_str::<SavedInput>(text).unwrap();
    let error = older.restore::<ToolReply>(read(&kept)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedVersion);
    assert!(error.to_string().contains("2025-11-25"), "{error}");

    let params =
        serde_json::from_str::<Value>(&kept).unwrap()["params"].as_str().unwrap().to_owned();
    let forged = |member: &str, value: &str| {
        let mut saved: Value = serde_json::from_str(&kept).unwrap();
        saved[member] = json!(value);
        client.restore::<ToolReply>(read(&saved.to_string()))
    };
    assert!(forged("params", &params).is_ok());
    for (member, value, named) in [
        ("method", "tools/list", "tools/list"),
        ("params", "[]", "object"),
        ("params", r#"{"a":1}{"#, "object"),
        ("params", r#"{"name":"x","requestState":"mine"}"#, "requestState"),
        ("params", r#"{"_meta":{}}"#, "_meta"),
    ] {
        let error = forged(member, value).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(named), "{error}");
    }
    // Another server gets nothing of it.
    let (other, _its_fake) = modern_with(Client::builder().server_name("https://b.example/")).await;
    let error = other.restore::<ToolReply>(read(&kept)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("\"fake\"") && error.to_string().contains("b.example"));

    let mut unknown: Value = serde_json::from_str(&kept).unwrap();
    unknown["more"] = json!(1);
    assert!(serde_json::from_value::<SavedInput>(unknown).is_err());
}
