//! The end of a conversation: what still runs may end, in bounded time. Spec: basic/lifecycle,
//! shutdown.

use std::time::Duration;

use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, Revision, Server, ServerBuilder};
use serde_json::json;
use tokio::time::Instant;

use crate::harness::{Client, Gate, Raw, Way, built, server};

async fn connect(server: &Server) -> Client {
    Client::connect(server, Way::Stream, Revision::V2025_11_25).await
}

fn waiting(gate: &Gate) -> ServerBuilder {
    let mut limits = Limits::new();
    limits.connection.shutdown_timeout = Duration::from_secs(3);
    server().tool(gate.tool("wait")).limits(limits)
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
async fn the_end_of_input_lets_running_and_waiting_calls_finish() {
    let gate = Gate::new();
    let mut limits = Limits::new();
    limits.connection.max_in_flight_requests = 1;
    let client = connect(&built(server().tool(gate.tool("wait")).limits(limits))).await;
    let calls = [client.start_tool("wait"), client.start_tool("wait"), client.start_tool("wait")];
    gate.arrived(1).await;
    client.close();
    client.settle().await;
    gate.open(3);
    for call in calls {
        call.answer().await.unwrap();
    }
    client.served().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stuck_call_is_left_behind_after_the_end_of_input() {
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
async fn a_stuck_call_is_left_behind_after_a_stop() {
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
async fn a_stop_refuses_new_calls_lets_running_ones_finish_and_needs_no_end_of_input() {
    let gate = Gate::new();
    let client = connect(&built(waiting(&gate))).await;
    let running = client.start_tool("wait");
    gate.arrived(1).await;
    client.stop_server();
    client.settle().await;
    let error = client.err("tools/list", json!({})).await;
    assert_eq!((error.code, &*error.message), (-32603, "the server is shutting down"));
    gate.open(1);
    running.answer().await.unwrap();
    client.served().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cancel_still_counts_while_the_server_drains() {
    let gate = Gate::new();
    let client = connect(&built(waiting(&gate))).await;
    let call = client.start_tool("wait");
    gate.arrived(1).await;
    client.stop_server();
    client.settle().await;
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
        setup.connect(&built(server().tool(ask)), Way::Stream, Revision::V2025_11_25).await;
    let call = client.start_tool("ask");
    gate.arrived(1).await;
    client.stop_server();
    client.settle().await;
    gate.open(1);
    assert_eq!(call.answer().await.unwrap()["content"][0]["text"], "0");
    client.served().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_last_line_without_its_end_is_still_a_message() {
    let mut raw = Raw::session(&built(server()), "2025-11-25").await;
    raw.send_bytes(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).await;
    raw.close().await;
    assert_eq!(raw.next().await.unwrap()["id"], 1);
    assert_eq!(raw.next().await, None);
    raw.served().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn everything_that_was_sent_before_the_end_of_input_is_answered() {
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
    let (_read, mut write) = tokio::io::split(ours);
    let meta = json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}});
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "wait", "_meta": meta}});
    tokio::io::AsyncWriteExt::write_all(&mut write, format!("{call}\n").as_bytes()).await.unwrap();
    gate.arrived(1).await;
    served.abort();
    gate.dropped(1).await;
}

#[tokio::test(start_paused = true)]
async fn one_server_serves_many_conversations_one_after_the_other() {
    let server = built(server().tools([]));
    for _ in 0..3 {
        let client = connect(&server).await;
        client.ok("tools/list", json!({})).await;
        client.close();
        client.served().await.unwrap();
    }
}
