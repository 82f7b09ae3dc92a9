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

use mcp_test_support::http::{Call, wire};
use mcp_test_support::memory::resident_kib;
use mcp_test_support::message;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

use crate::running::Running;

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
    legacy(session, &message::call(1, tool, arguments))
}

fn initialize() -> Call {
    Call::raw(&message::initialize("2025-11-25", json!({})))
}

/// The GET that opens the stream of a session.
fn stream_of(session: &str) -> Call {
    let call = Call::empty(http::Method::GET).header("accept", "text/event-stream");
    call.header("mcp-session-id", session)
}

/// Opens a session over a socket.
async fn session(server: &Running) -> String {
    let answer = server.caller().await.send(&wire(&initialize())).await.unwrap();
    answer.header("mcp-session-id").unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}

/// The memory that the process has, in bytes.
fn resident() -> usize {
    usize::try_from(resident_kib("self").unwrap()).unwrap() << 10
}
