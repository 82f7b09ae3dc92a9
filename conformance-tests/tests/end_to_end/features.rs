//! Every feature, over every transport and on every revision.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::types::{CompletionReference, ElicitResult, LoggingLevel, SubscriptionFilter};
use mcp_client::{Client, ErrorKind, Event, Revision, jsonrpc};
use mcp_server::tool::ToolRoute;
use serde_json::json;

use crate::server::{Fixture, fixture};
use crate::transports::{Transport, everything_server, host, in_memory};

/// Defines tests that run a body over each transport and on each revision, with a new server for
/// each combination.
macro_rules! everywhere {
    ($($name:ident: $body:path;)+) => { $(
        #[tokio::test]
        async fn $name() {
            for revision in Revision::ALL {
                for transport in Transport::ALL.into_iter().filter(|it| it.supports(revision)) {
                    let fixture = fixture();
                    let client = transport.connect(&fixture.server, host(revision)).await;
                    assert_eq!(client.revision(), revision, "{transport:?}");
                    $body(&client, &fixture).await;
                    client.close().await;
                }
            }
        }
    )+ };
}

everywhere! {
    tools_are_listed_and_called: tools;
    results_decode_to_the_requested_type: typed_results;
    calls_report_progress_and_log_messages: progress_and_logging;
    dropped_calls_are_cancelled: cancellation;
    requests_of_handlers_are_answered: server_requests;
    resources_prompts_and_completions_work: resources_and_prompts;
    changes_are_reported_to_subscribers: changes;
}

async fn tools(client: &Client, _: &Fixture) {
    assert_eq!(client.server_info().map(|info| &*info.name), Some("fixture"));
    let tools = client.list_tools().await.expect("tools/list");
    assert_eq!(tools.len(), 6);
    let reply = client.call_tool("multiply", &json!({ "a": 6, "b": 7 })).await.expect("tools/call");
    assert_eq!(reply.text(), "42");
    let failed = client.call_tool("fail", &json!({})).await.expect("a result with isError");
    assert_eq!(failed.into_result().expect_err("failed").kind(), ErrorKind::Tool);
    let unknown = client.call_tool("unknown", &json!({})).await.expect_err("no such tool");
    assert_eq!(unknown.peer().map(mcp_client::ErrorObject::code), Some(-32602));
    let wrong = client.call_tool("multiply", &json!({ "a": "six", "c": 1 })).await;
    let message = match wrong {
        Ok(reply) => reply.text(),
        Err(error) => error.peer().expect("a protocol error").message().to_owned(),
    };
    for mistake in [
        "/a: expected an integer, got the string \"six\"",
        "/b: the argument is required",
        "/c: unknown",
    ] {
        assert!(message.contains(mistake), "{message}");
    }
}

async fn typed_results(client: &Client, _: &Fixture) {
    let reply = client.call_tool("multiply", &json!({ "a": 6, "b": 7 })).await.expect("tools/call");
    if client.revision().rules().titles {
        assert_eq!(reply.structured::<i64>().expect("an integer, wrapped or not"), 42);
        assert_eq!(reply.structured::<String>().expect_err("no text").kind(), ErrorKind::Decode);
    } else {
        assert!(reply.structured_content.is_none());
    }
}

async fn progress_and_logging(client: &Client, _: &Fixture) {
    let mut messages = client.log_messages();
    client.set_log_level(LoggingLevel::Warning).await.expect("a level");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let reply = client.call_tool("talk", &json!({})).on_progress(move |progress| {
        sink.lock().expect("no panic").push((progress.progress, progress.message.is_some()));
    });
    assert_eq!(reply.await.expect("tools/call").text(), "talked");
    let has_messages = client.revision().rules().progress_message;
    assert_eq!(*seen.lock().expect("no panic"), [(1.0, has_messages), (2.0, false)]);
    let message = messages.next().await.expect("a message");
    assert_eq!((message.level, message.data.to_value()), (LoggingLevel::Warning, json!("heard")));
}

async fn cancellation(client: &Client, fixture: &Fixture) {
    let call = client.call_tool("wait", &json!({}));
    tokio::select! {
        reply = call => panic!("the call was answered: {reply:?}"),
        () = fixture.gate.arrived(1) => {}
    }
    fixture.gate.dropped(1).await;
    let late = client.call_tool("wait", &json!({})).timeout(Duration::from_millis(50)).await;
    assert_eq!(late.expect_err("too late").kind(), ErrorKind::Timeout);
    fixture.gate.dropped(2).await;
}

async fn server_requests(client: &Client, _: &Fixture) {
    let rules = client.revision().rules();
    assert_eq!(
        client.call_tool("consult", &json!({})).await.expect("tools/call").text(),
        "well file:///here"
    );
    let confirmed = client.call_tool("confirm", &json!({})).await.expect("tools/call");
    if rules.elicitation {
        assert_eq!(confirmed.text(), "sure");
    } else {
        assert!(confirmed.into_result().is_err(), "the revision has no elicitation");
    }
}

async fn resources_and_prompts(client: &Client, _: &Fixture) {
    let templates = client.list_resource_templates().await.expect("templates");
    assert_eq!(templates[0].uri_template, "page://{number}");
    let page = client.read_resource("page://12").await.expect("resources/read");
    assert_eq!(page.contents[0].as_text(), Some("page 12"));
    let missing = client.read_resource("page://12/13").await.expect_err("not found");
    let row = client.revision().rules().errors.row(jsonrpc::ErrorKind::ResourceNotFound);
    assert_eq!(missing.peer().map(mcp_client::ErrorObject::code), row.code);
    let numbers = client.complete(CompletionReference::resource("page://{number}"), "number", "1");
    assert_eq!(numbers.await.expect("completion").completion.values, ["1", "10"]);
    let prompt = client.get_prompt("greet", &json!({ "name": "Ada" })).await.expect("prompts/get");
    assert_eq!(prompt.messages[0].content.as_text(), Some("Greet Ada."));
}

async fn changes(client: &Client, fixture: &Fixture) {
    let filter = SubscriptionFilter::new()
        .tools_list_changed(true)
        .resource_subscriptions(["page://1".to_owned()]);
    let mut changes = client.subscribe(filter).await.expect("a subscription");
    let before = client.list_tools().await.expect("tools/list").len();
    let added = ToolRoute::builder("added").description("New.").handler(|| async { "here" });
    fixture.handle.set_tool(added).expect("a valid tool");
    assert!(matches!(changes.next().await, Some(Event::ToolsListChanged)));
    assert_eq!(client.list_tools().await.expect("tools/list").len(), before + 1);
    fixture.handle.resource_updated("page://2");
    fixture.handle.resource_updated("page://1");
    assert!(
        matches!(changes.next().await, Some(Event::ResourceUpdated(updated)) if updated.uri == "page://1")
    );
}

#[tokio::test]
async fn a_declined_or_cancelled_form_reaches_the_handler() {
    for (answer, text) in
        [(ElicitResult::decline(), "declined"), (ElicitResult::cancel(), "cancelled")]
    {
        let builder = Client::builder().revision(Revision::V2025_11_25).on_elicit(move |_| {
            let answer = answer.clone();
            async move { Ok(answer) }
        });
        let client = in_memory(&fixture().server, builder).await;
        assert_eq!(client.call_tool("confirm", &json!({})).await.expect("tools/call").text(), text);
    }
}

#[tokio::test]
async fn a_child_process_supports_every_revision() {
    for revision in Revision::ALL {
        let client = host(revision).connect_command(everything_server()).await.expect("initialize");
        assert_eq!(client.revision(), revision);
        assert_eq!(
            client.call_tool("add", &json!({ "a": 1, "b": 2 })).await.expect("tools/call").text(),
            "3"
        );
        assert_eq!(client.list_resources().await.expect("three pages").len(), 28);
        assert_eq!(
            client.close().await.and_then(|status| status.code()),
            Some(0),
            "the server exits by itself"
        );
    }
    let client = Client::connect_command(everything_server()).await.expect("a probe");
    assert_eq!(client.revision(), Revision::LATEST);
}
