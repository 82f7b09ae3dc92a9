//! The end of a conversation: running calls can finish, in limited time. Spec: basic/lifecycle,
//! shutdown.

use std::time::Duration;

use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, Revision, Server, ServerBuilder};
use mcp_test_support::LinePeer;
use mcp_test_support::message::{self, modern};
use mcp_test_support::{Gate, settle};
use serde_json::json;
use tokio::time::Instant;

use crate::harness::{Client, Raw, Transport, built, server, waiting_tool};

async fn connect(server: &Server) -> Client {
    Client::connect(server, Transport::Stream, Revision::V2025_11_25).await
}

fn waiting(gate: &Gate) -> ServerBuilder {
    let mut limits = Limits::new();
    limits.connection.shutdown_timeout = Duration::from_secs(3);
    server().tool(waiting_tool("wait", gate)).limits(limits)
}

#[tokio::test(start_paused = true)]
async fn the_end_of_input_ends_an_idle_server_at_once() {
    let client = connect(&built(server())).await;
    let before = Instant::now();
    client.close();
    client.served().await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn running_and_queued_calls_finish_after_the_end_of_input() {
    let gate = Gate::new();
    let mut limits = Limits::new();
    limits.connection.max_in_flight_requests = 1;
    let client = connect(&built(server().tool(waiting_tool("wait", &gate)).limits(limits))).await;
    let calls = [client.start_tool("wait"), client.start_tool("wait"), client.start_tool("wait")];
    gate.arrived(1).await;
    client.close();
    settle().await;
    gate.open(3);
    for call in calls {
        call.answer().await.unwrap();
    }
    client.served().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stuck_call_is_dropped_after_the_end_of_input() {
    let gate = Gate::new();
    let client = connect(&built(waiting(&gate))).await;
    let stuck = client.start_tool("wait");
    gate.arrived(1).await;
    let before = Instant::now();
    client.close();
    client.served().await.unwrap();
    assert_eq!(before.elapsed().as_secs(), 3);
    gate.dropped(1).await;
    assert_eq!(stuck.ended().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_stuck_call_is_dropped_after_a_stop() {
    let gate = Gate::new();
    let client = connect(&built(waiting(&gate))).await;
    let stuck = client.start_tool("wait");
    gate.arrived(1).await;
    let before = Instant::now();
    client.stop_server();
    client.served().await.unwrap();
    assert_eq!(before.elapsed().as_secs(), 3);
    gate.dropped(1).await;
    assert_eq!(stuck.ended().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_stop_refuses_new_calls_and_lets_running_ones_finish() {
    let gate = Gate::new();
    let client = connect(&built(waiting(&gate))).await;
    let running = client.start_tool("wait");
    gate.arrived(1).await;
    client.stop_server();
    settle().await;
    let error = client.err("tools/list", json!({})).await;
    assert_eq!((error.code, &*error.message), (-32603, "the server is shutting down"));
    gate.open(1);
    running.answer().await.unwrap();
    client.served().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_is_handled_while_the_server_drains() {
    let gate = Gate::new();
    let client = connect(&built(waiting(&gate))).await;
    let call = client.start_tool("wait");
    gate.arrived(1).await;
    client.stop_server();
    settle().await;
    let before = Instant::now();
    client.cancel(&call);
    client.served().await.unwrap();
    assert_eq!(before.elapsed(), Duration::ZERO);
    gate.dropped(1).await;
}

#[tokio::test(start_paused = true)]
async fn a_question_can_still_be_answered_while_the_server_drains() {
    let gate = Gate::new();
    let ask = {
        let gate = gate.clone();
        ToolRoute::builder("ask").handler(move |context: Context| {
            let gate = gate.clone();
            async move {
                gate.wait().await;
                context.list_roots().await.map(|roots| roots.len().to_string())
            }
        })
    };
    let setup = crate::harness::Setup::default()
        .capabilities(json!({"roots": {}}))
        .answers(|_, _| Some(Ok(json!({"roots": []}))));
    let client =
        setup.connect(&built(server().tool(ask)), Transport::Stream, Revision::V2025_11_25).await;
    let call = client.start_tool("ask");
    gate.arrived(1).await;
    client.stop_server();
    settle().await;
    gate.open(1);
    assert_eq!(call.answer().await.unwrap()["content"][0]["text"], "0");
    client.served().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_last_line_without_a_line_end_is_a_message() {
    let mut raw = Raw::session(&built(server()), "2025-11-25").await;
    raw.send_bytes(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).await;
    raw.close().await;
    assert_eq!(raw.next().await.unwrap()["id"], 1);
    assert_eq!(raw.next().await, None);
    raw.served().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn all_requests_before_the_end_of_input_are_answered() {
    let mut raw = Raw::session(&built(server().tools([])), "2025-11-25").await;
    let lines: String = (0..100)
        .map(|id| json!({"jsonrpc": "2.0", "id": id, "method": "tools/list"}).to_string() + "\n")
        .collect();
    raw.send_bytes(lines.as_bytes()).await;
    raw.close().await;
    for id in 0..100 {
        assert_eq!(raw.next().await.unwrap()["id"], id);
    }
    assert_eq!(raw.next().await, None);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_of_a_conversation_drops_its_calls() {
    let gate = Gate::new();
    let server = built(waiting(&gate));
    let (ours, theirs) = tokio::io::duplex(1 << 16);
    let (reader, writer) = tokio::io::split(theirs);
    let serving = server.clone();
    let served = tokio::spawn(async move { serving.serve(reader, writer).await });
    let mut peer = LinePeer::new(ours);
    peer.send(&modern(message::call(1, "wait", json!({})))).await;
    gate.arrived(1).await;
    served.abort();
    gate.dropped(1).await;
}

#[tokio::test(start_paused = true)]
async fn one_server_serves_many_consecutive_conversations() {
    let server = built(server().tools([]));
    for _ in 0..3 {
        let client = connect(&server).await;
        client.ok("tools/list", json!({})).await;
        client.close();
        client.served().await.unwrap();
    }
}
