//! Many peers, most of them bad ones. What these tests start they end, and each takes a few
//! seconds.
//!
//! They take turns, so that what one of them measures is not another's.

mod churn;
mod http2;
mod ids;
mod shutdown;
mod slow_peers;
mod unread_streams;
mod write_stall;

use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use crate::caller::Call;
use crate::running::{Running, wire};

static TURN: Mutex<()> = Mutex::const_new(());

async fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().await
}

fn echo(text: &str) -> Call {
    Call::tool("echo", json!({ "text": text }))
}

/// A message of the legacy era.
fn legacy(session: &str, message: &Value) -> Call {
    Call::raw(message).header("mcp-session-id", session)
}

fn legacy_call(session: &str, tool: &str, arguments: Value) -> Call {
    let params = json!({ "name": tool, "arguments": arguments });
    legacy(session, &json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }))
}

fn initialize() -> Call {
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "load", "version": "1" } });
    Call::raw(&json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }))
}

/// The GET that opens the stream of a session.
fn stream_of(session: &str) -> Call {
    let mut call = Call::raw(&Value::Null).without("content-type").body("");
    call.method = http::Method::GET;
    call.header("accept", "text/event-stream").header("mcp-session-id", session)
}

/// Opens a session over a socket.
async fn session(server: &Running) -> String {
    let answer = server.caller().await.send(&wire(&initialize())).await.unwrap();
    answer.header("mcp-session-id").unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// Memory that the process has, in bytes.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}
