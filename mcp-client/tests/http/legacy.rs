//! Calls of the legacy era: requests of the server, cancellation, batches.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::meta::Meta;
use mcp_client::types::ElicitResult;
use mcp_client::{Client, ErrorKind, Event, Revision};
use mcp_test_support::message::{initialized, text};
use mcp_test_support::{Gate, with, within_an_hour};
use serde_json::{Value, json};

use crate::script::{Script, URL, legacy, shake_hands};

const SESSION: Option<&str> = Some("session-1");

#[tokio::test(start_paused = true)]
async fn requests_of_the_server_are_answered_by_post_during_the_call() {
    let builder = Client::builder().on_elicit(|form| async move {
        assert_eq!(form.message, "Sure?");
        Ok(ElicitResult::decline())
    });
    let (client, mut script, standalone) = legacy(builder).await;
    let stream = standalone.stream();
    let question =
        json!({"message": "Sure?", "requestedSchema": {"type": "object", "properties": {}}});
    let reply = with(client.call_tool("ask", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let (id, sending) = (exchange.id(), exchange.stream());
        // On the stream of the call and on that of the session, with both kinds of ids, two at a
        // time.
        sending.ask(&json!(1), "elicitation/create", question.clone());
        stream.ask(&json!("1"), "elicitation/create", question.clone());
        for _ in 0..2 {
            let answer = script.next().await;
            assert_eq!(answer.header("mcp-session-id"), SESSION);
            let message = answer.message();
            assert!(matches!(&message["id"], Value::Number(_) | Value::String(_)), "{message}");
            assert_eq!(message["result"], json!({"action": "decline"}));
            answer.status(202);
        }
        stream.ask(&json!(7), "sampling/createMessage", json!({}));
        let answer = script.next().await;
        assert_eq!(
            (&answer.message()["id"], &answer.message()["error"]["code"]),
            (&json!(7), &json!(-32601))
        );
        answer.status(202);
        sending.reply(&id, text("asked"));
    });
    assert_eq!(reply.await.unwrap().text(), "asked");
}

/// A client whose handler of elicitation waits at the gate.
fn waiting_client(gate: &Gate) -> mcp_client::ClientBuilder {
    let gate = gate.clone();
    Client::builder().on_elicit(move |_| {
        let gate = gate.clone();
        async move {
            gate.wait().await;
            unreachable!("the gate is never opened")
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_cancelled_or_outlives_the_client_gets_no_response() {
    let gate = Gate::new();
    let (client, mut script, standalone) = legacy(waiting_client(&gate)).await;
    let stream = standalone.stream();
    let question = json!({"message": "?", "requestedSchema": {"type": "object", "properties": {}}});
    stream.ask(&json!(1), "elicitation/create", question.clone());
    within_an_hour("the handler begins", gate.arrived(1)).await;
    stream.tell("notifications/cancelled", json!({"requestId": "1"})); // Another id.
    stream.tell("notifications/cancelled", json!({"requestId": 1}));
    within_an_hour("the handler is dropped", gate.dropped(1)).await;
    // Its id is free again.
    stream.ask(&json!(1), "elicitation/create", question.clone());
    within_an_hour("the handler begins", gate.arrived(2)).await;
    // An id in use is not.
    stream.ask(&json!(1), "elicitation/create", question.clone());
    script.expect_silence(Duration::from_secs(60)).await;
    assert_eq!(gate.arrivals(), 2);
    drop(client);
    within_an_hour("the handler is dropped", gate.dropped(2)).await;
    script.expect_bare("DELETE").await.status(200);
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn a_response_that_the_server_does_not_accept_frees_its_permit() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    let stream = standalone.stream();
    for _ in 0..2 {
        stream.ask(&json!(1), "ping", json!({}));
        script.next().await.dropped().await;
    }
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_is_cancelled_by_a_notification() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    for late in [false, true] {
        let mut id = Value::Null;
        let (call, patience) = (client.call_tool("slow", &json!({})), Duration::from_secs(5));
        let call = tokio::spawn(if late { call.timeout(patience) } else { call }.into_future());
        let exchange = script.expect("tools/call").await;
        id.clone_from(&exchange.id());
        let sending = exchange.stream();
        if late {
            assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::Timeout);
        } else {
            tokio::task::yield_now().await;
            call.abort();
        }
        sending.dropped().await;
        let cancelled = script.expect("notifications/cancelled").await;
        assert_eq!(cancelled.message()["params"], json!({"requestId": id}));
        assert_eq!(cancelled.header("mcp-session-id"), SESSION);
        cancelled.status(202);
    }
    // A call with a response is not cancelled.
    let reply = with(client.call_tool("add", &json!({})), async {
        script.expect("tools/call").await.reply(text("3"));
    });
    reply.await.unwrap();
    script.expect_silence(Duration::from_secs(60)).await;
}

#[tokio::test(start_paused = true)]
async fn requests_of_the_old_session_are_dropped_with_it() {
    let gate = Gate::new();
    let (client, mut script, standalone) = legacy(waiting_client(&gate)).await;
    let stream = standalone.stream();
    let question = json!({"message": "?", "requestedSchema": {"type": "object", "properties": {}}});
    stream.ask(&json!(1), "elicitation/create", question.clone());
    within_an_hour("the handler begins", gate.arrived(1)).await;
    let reply = with(client.call_tool("echo", &json!({})), async {
        script.expect("tools/call").await.status(404);
        let stream = shake_hands(&mut script, Some("session-2")).await.stream();
        within_an_hour("the handler is dropped", gate.dropped(1)).await;
        // The ids of the new session begin at one too.
        stream.ask(&json!(1), "elicitation/create", question.clone());
        within_an_hour("the handler begins", gate.arrived(2)).await;
        script.expect("tools/call").await.reply(text("here"));
    });
    assert_eq!(reply.await.unwrap().text(), "here");
}

#[tokio::test(start_paused = true)]
async fn batches_are_accepted_in_the_revision_that_has_them() {
    let (stack, mut script) = Script::new();
    let builder = Client::builder().revision(Revision::V2025_03_26).http_stack(stack);
    let serve = async {
        script.expect("initialize").await.reply(initialized("2025-03-26"));
        script.expect("notifications/initialized").await.status(202);
        script.expect_bare("GET").await.status(405);
    };
    let (client, ()) = tokio::join!(builder.connect_http(URL), serve);
    let client = client.unwrap();
    let mut log = client.log_messages();
    let reply = with(client.call_tool("add", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let told = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": 1}});
        let answer = json!({"jsonrpc": "2.0", "id": exchange.id(), "result": text("3")});
        exchange.json(200, &json!([told, 7, answer]));
    });
    assert_eq!(reply.await.unwrap().text(), "3");
    assert_eq!(log.next().await.unwrap().data.to_value(), json!(1));

    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let refused = with(client.call_tool("add", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        let answer = json!({"jsonrpc": "2.0", "id": exchange.id(), "result": text("3")});
        exchange.json(200, &json!([answer]));
    });
    assert_eq!(refused.await.unwrap_err().kind(), ErrorKind::OutcomeUnknown);
}

#[tokio::test(start_paused = true)]
async fn a_call_stays_in_its_session_whatever_its_meta_says() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    standalone.status(405);
    let meta = Meta::new()
        .with("io.modelcontextprotocol/protocolVersion", "2026-07-28")
        .with("io.modelcontextprotocol/clientInfo", json!({"name": "x", "version": "1"}))
        .with("io.modelcontextprotocol/clientCapabilities", json!({}))
        .with("com.example/tenant", 7);
    let reply = with(client.call_tool("add", &json!({})).meta(meta), async {
        let exchange = script.expect("tools/call").await;
        assert_eq!(exchange.header("mcp-session-id"), Some("session-1"));
        assert_eq!(exchange.header("mcp-protocol-version"), Some("2025-11-25"));
        assert_eq!(exchange.header("mcp-method"), None);
        assert_eq!(exchange.message()["params"]["_meta"], json!({"com.example/tenant": 7}));
        exchange.reply(text("3"));
    });
    assert_eq!(reply.await.unwrap().text(), "3");
}

#[tokio::test(start_paused = true)]
async fn a_response_on_the_stream_of_the_session_without_a_call_is_dropped() {
    let (client, mut script, standalone) = legacy(Client::builder()).await;
    let stream = standalone.stream();
    let mut events = client.notifications();
    let reply = with(client.call_tool("add", &json!({})), async {
        let exchange = script.expect("tools/call").await;
        stream.reply(&exchange.id(), text("forged"));
        stream.message(
            &json!({"jsonrpc": "2.0", "id": null, "error": {"code": 1, "message": "forged"}}),
        );
        stream.tell("notifications/tools/list_changed", json!({}));
        assert_eq!(events.next().await, Some(Event::ToolsListChanged));
        exchange.reply(text("3"));
    });
    assert_eq!(reply.await.unwrap().text(), "3");
}

#[tokio::test(start_paused = true)]
async fn the_number_of_requests_that_are_handled_at_a_time_is_bounded() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let mut limits = mcp_client::Limits::new();
    limits.connection.max_in_flight_requests = 3;
    let builder = Client::builder().limits(limits).on_elicit(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        std::future::pending()
    });
    let (client, mut script, standalone) = legacy(builder).await;
    let stream = standalone.stream();
    let question = json!({"message": "?", "requestedSchema": {"type": "object", "properties": {}}});
    for id in 0..10 {
        stream.ask(&json!(id), "elicitation/create", question.clone());
    }
    script.expect_silence(Duration::from_secs(60)).await;
    assert_eq!(asked.load(Ordering::Relaxed), 3);
    // Calls have their own streams.
    let reply = with(client.call_tool("add", &json!({})), async {
        script.expect("tools/call").await.reply(text("3"));
    });
    assert_eq!(reply.await.unwrap().text(), "3");
}
