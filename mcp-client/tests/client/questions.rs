//! What handlers know about a question: who asks, and for which call. Requests of methods that are
//! not the protocol's.

use std::sync::Arc;

use mcp_client::method::Method;
use mcp_client::types::{ElicitResult, Root};
use mcp_client::{Client, ClientBuilder, ClientGroup, ErrorKind, ErrorObject, Question, jsonrpc};
use mcp_test_support::message::{self, text};
use mcp_test_support::with;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::fake::{Fake, legacy_with, modern_with};
use crate::task_script::{asking, completed, create, poll, polling_with, question, update};

/// A value that the host puts on its calls.
#[derive(Debug, PartialEq, Eq)]
struct Turn(u32);

/// A client whose handler declines, and the questions that it saw.
fn declining() -> (ClientBuilder, mpsc::UnboundedReceiver<Question>) {
    let (seen, questions) = mpsc::unbounded_channel();
    let builder = Client::builder().on_elicit_with(move |_, question| {
        seen.send(question).unwrap();
        async { Ok(ElicitResult::decline()) }
    });
    (builder, questions)
}

fn turn(question: &Question) -> Option<u32> {
    question.call()?.tag::<Turn>().map(|turn| turn.0)
}

/// Asks a legacy client, and reads its answer.
async fn ask(fake: &mut Fake, id: u32) {
    let mut params = question("?")["params"].clone();
    params["_meta"] = json!({"com.example/k": id});
    fake.send(message::request(id, "elicitation/create", params)).await;
    let answer = fake.next().await;
    assert_eq!((&answer["id"], &answer["result"]["action"]), (&json!(id), &json!("decline")));
}

#[tokio::test]
async fn a_question_on_a_stream_is_one_of_the_only_call_that_may_ask() {
    let (builder, mut seen) = declining();
    let (client, mut fake, _) = legacy_with(builder.server_name("deploys"), "2025-11-25").await;
    // No call at all.
    ask(&mut fake, 1).await;
    assert!(seen.recv().await.unwrap().call().is_none());
    let first = client.call_tool("first", &()).tag(Turn(1)).into_future();
    let second = client.call_tool("second", &()).tag(Turn(2)).into_future();
    let list = client.list_tools().into_future();
    let serve = async {
        let list = fake.expect("tools/list").await;
        let first = fake.expect("tools/call").await;
        // The list does not count: no server asks anything for it.
        ask(&mut fake, 2).await;
        let asked = seen.recv().await.unwrap();
        assert_eq!((asked.id(), asked.server_name()), (&jsonrpc::RequestId::Number(2), "deploys"));
        assert_eq!(asked.server_info().unwrap().name, "fake");
        assert_eq!(asked.meta().unwrap().get("com.example/k"), Some(&json!(2)));
        let call = asked.call().unwrap();
        assert_eq!((call.method(), call.name().as_deref()), ("tools/call", Some("first")));
        assert_eq!((call.tag(), call.task_id()), (Some(&Turn(1)), None));
        (list, first)
    };
    tokio::pin!(first, second, list);
    let (list_request, first_request) = tokio::select! {
        requests = serve => requests,
        // The list is sent first.
        _ = async { tokio::join!(&mut list, &mut first) } => unreachable!("nothing is answered yet"),
    };
    // Two calls: it could be of either.
    let serve = async {
        let second = fake.expect("tools/call").await;
        ask(&mut fake, 3).await;
        assert!(seen.recv().await.unwrap().call().is_none());
        fake.reply(&first_request, text("1")).await;
        second
    };
    let (second_request, reply) = tokio::select! {
        both = async { tokio::join!(serve, &mut first) } => both,
        _ = &mut second => unreachable!("nothing is answered yet"),
    };
    reply.unwrap();
    // One is left.
    let serve = async {
        ask(&mut fake, 4).await;
        assert_eq!(turn(&seen.recv().await.unwrap()), Some(2));
        fake.reply(&second_request, text("2")).await;
        fake.reply(&list_request, json!({"tools": []})).await;
    };
    let (reply, tools, ()) = tokio::join!(second, list, serve);
    assert_eq!((reply.unwrap().text().as_str(), tools.unwrap().len()), ("2", 0));
}

#[tokio::test]
async fn a_question_in_a_result_is_one_of_its_call() {
    let (builder, mut seen) = declining();
    let (client, mut fake) = modern_with(builder).await;
    let first = client.call_tool("first", &()).tag(Turn(1));
    let second = client.get_prompt("second", &()).tag(Turn(2));
    let serve = async {
        for key in ["a", "b"] {
            let request = fake.next().await;
            let asks =
                json!({"resultType": "input_required", "inputRequests": {key: question("?")}});
            fake.reply(&request, asks).await;
        }
        for _ in 0..2 {
            let request = fake.next().await;
            let result = match request["method"].as_str() {
                Some("tools/call") => text("done"),
                _ => json!({"resultType": "complete", "messages": []}),
            };
            fake.reply(&request, result).await;
        }
    };
    let (reply, prompt, ()) = tokio::join!(first.into_future(), second.into_future(), serve);
    assert!(reply.is_ok() && prompt.is_ok());
    for (method, name, tag, key) in
        [("tools/call", "first", 1, "a"), ("prompts/get", "second", 2, "b")]
    {
        let asked = seen.recv().await.unwrap();
        let call = asked.call().unwrap();
        assert_eq!((call.method(), call.name().as_deref()), (method, Some(name)));
        assert_eq!((turn(&asked), asked.id()), (Some(tag), &key.to_owned().into()));
        assert_eq!(asked.server_name(), "fake", "what the server calls itself, without any other");
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_of_a_task_is_one_of_the_call_that_became_the_task() {
    let (builder, mut seen) = declining();
    let (client, mut fake) = polling_with(builder).await;
    let waiting = client.call_tool("slow", &()).tag(Turn(1)).into_future();
    let started = async {
        let started = client.call_tool("slow", &()).tag(Turn(2)).start().await?;
        let mcp_client::task::Started::Task(mut task) = started else { panic!("a task") };
        task.wait().await
    };
    for (call, tag) in [(waiting, 1), (Box::pin(started), 2)] {
        let reply = with(call, async {
            create(&mut fake, json!({})).await;
            poll(&mut fake, asking(json!({ "k": question("?") }))).await;
            update(&mut fake).await;
            poll(&mut fake, completed("done")).await;
        });
        reply.await.unwrap();
        let asked = seen.recv().await.unwrap();
        let call = asked.call().unwrap();
        assert_eq!((turn(&asked), call.task_id()), (Some(tag), Some("t1")));
        assert_eq!((call.method(), call.name().as_deref()), ("tools/call", Some("slow")));
    }
}

#[tokio::test]
async fn in_a_group_the_server_has_its_name_in_the_group() {
    let (builder, mut seen) = declining();
    let (client, mut fake) = modern_with(builder.server_name("by the builder")).await;
    let group = ClientGroup::new();
    group.add("in-the-group", client).unwrap();
    let reply = with(group.call_tool("in-the-group__x", &()), async {
        let call = fake.expect("tools/call").await;
        let asks = json!({"resultType": "input_required", "inputRequests": {"k": question("?")}});
        fake.reply(&call, asks).await;
        let call = fake.expect("tools/call").await;
        fake.reply(&call, text("done")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "done");
    let asked = seen.recv().await.unwrap();
    assert_eq!(asked.server_name(), "in-the-group");
    assert_eq!(asked.call().unwrap().name().as_deref(), Some("x"));
}

enum OpenFile {}

impl Method for OpenFile {
    const NAME: &'static str = "com.example/openFile";
    type Params = Vec<String>;
    type Result = Value;
}

fn opening() -> ClientBuilder {
    Client::builder()
        .on_request::<OpenFile>(|paths, question| async move {
            match paths.len() {
                0 => Err(ErrorObject::invalid_params("no path")),
                _ => Ok(json!({"opened": paths, "by": question.server_name()})),
            }
        })
        .on_request_raw("com.example/".to_owned() + "echo", |params, _| async { Ok(params) })
}

#[tokio::test]
async fn requests_of_other_methods_reach_their_handlers_in_both_eras() {
    let (_client, mut fake, _) = legacy_with(opening(), "2025-11-25").await;
    let mut answers = Vec::new();
    for (method, params) in [
        ("com.example/openFile", json!({})),
        ("com.example/echo", json!({"n": 1.0})),
        ("com.example/other", json!({})),
    ] {
        fake.send(message::request(answers.len(), method, params)).await;
        answers.push(fake.next().await);
    }
    assert_eq!(answers[0]["error"]["code"], -32602, "an object is no list: {}", answers[0]);
    assert_eq!(answers[1]["result"].to_string(), r#"{"n":1.0}"#);
    assert_eq!(answers[2]["error"]["code"], -32601);
    // A modern server asks for them in a result.
    let (client, mut fake) = modern_with(opening()).await;
    let reply = with(client.call_tool("x", &()), async {
        let request = fake.expect("tools/call").await;
        let asks = json!({
            "open": {"method": "com.example/openFile", "params": ["a.txt"]},
            "echo": {"method": "com.example/echo"},
        });
        fake.reply(&request, json!({"resultType": "input_required", "inputRequests": asks})).await;
        let request = fake.expect("tools/call").await;
        assert_eq!(
            request["params"]["inputResponses"],
            json!({"open": {"opened": ["a.txt"], "by": "fake"}, "echo": {}})
        );
        fake.reply(&request, text("done")).await;
    });
    reply.await.unwrap();
}

#[tokio::test]
async fn a_handler_that_could_not_be_called_fails_the_connect_call() {
    let raw = |method: &'static str| {
        Client::builder().on_request_raw(method, |params, _| async { Ok(params) })
    };
    for (builder, named) in [
        (raw("ping"), "ping"),
        (raw("roots/list"), "ClientBuilder::roots"),
        (raw("elicitation/create"), "ClientBuilder::on_elicit"),
        (raw("sampling/createMessage"), "ClientBuilder::on_create_message"),
        (raw("a").on_request_raw("a", |params, _| async { Ok(params) }), "\"a\" has two handlers"),
        (
            Client::builder().roots([]).on_list_roots(|_| async { Ok(Vec::new()) }),
            "ClientBuilder::on_list_roots",
        ),
    ] {
        let ((reader, writer), _fake) = Fake::new();
        let error = builder.connect(reader, writer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test]
async fn roots_may_depend_on_the_question() {
    let builder = Client::builder().on_list_roots(|question| async move {
        let tool = question.call().and_then(|call| call.name()).unwrap_or_default();
        Ok(vec![Root::new(if tool == "bad" {
            "http://x".into()
        } else {
            format!("file:///{tool}")
        })])
    });
    let (client, mut fake, initialize) = legacy_with(builder, "2025-11-25").await;
    assert_eq!(initialize["params"]["capabilities"]["roots"], json!({}));
    for (tool, root) in [("build", Some("file:///build")), ("bad", None)] {
        let reply = with(client.call_tool(tool, &()), async {
            let call = fake.expect("tools/call").await;
            fake.send(message::request(1, "roots/list", json!({}))).await;
            let answer = fake.next().await;
            assert_eq!(answer["result"]["roots"][0]["uri"].as_str(), root, "{answer}");
            fake.reply(&call, text("done")).await;
        });
        reply.await.unwrap();
    }
    assert!(client.set_roots([]).await.is_err());
}

#[tokio::test]
async fn a_question_without_a_handler_names_what_to_set() {
    for (request, named) in [
        (question("?"), "ClientBuilder::on_elicit, which declares the capability elicitation"),
        (
            json!({"method": "elicitation/create", "params": {"mode": "url", "message": "m", "url": "https://e.example"}}),
            "ClientBuilder::on_elicit_url, which declares the capability elicitation.url",
        ),
        (
            json!({"method": "sampling/createMessage", "params": {"messages": [], "maxTokens": 1}}),
            "ClientBuilder::on_create_message, which declares the capability sampling",
        ),
        (
            json!({"method": "roots/list"}),
            "ClientBuilder::roots, which declares the capability roots",
        ),
        (
            json!({"method": "x/\u{1b}y", "params": {}}),
            "\"x/\\u{1b}y\", and the client has no handler for it; set one with ClientBuilder::on_request",
        ),
    ] {
        let (client, mut fake) = modern_with(Client::builder()).await;
        let error = with(client.call_tool("x", &()), async {
            let call = fake.expect("tools/call").await;
            let asks = json!({"resultType": "input_required", "inputRequests": {"k": request}});
            fake.reply(&call, asks).await;
        });
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InputRequired);
        assert!(error.to_string().contains(named), "{error}");
    }
}

#[tokio::test]
async fn a_tag_lives_as_long_as_its_call() {
    let (builder, _seen) = declining();
    let (client, mut fake, _) = legacy_with(builder, "2025-11-25").await;
    let tag = Arc::new(());
    let reply = with(client.call_tool("x", &()).tag(Arc::clone(&tag)), async {
        let call = fake.expect("tools/call").await;
        fake.reply(&call, text("done")).await;
    });
    reply.await.unwrap();
    assert_eq!(Arc::strong_count(&tag), 1);
}
