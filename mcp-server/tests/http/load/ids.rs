//! Fifty clients that call everything 1: each gets its own answers, in both eras, over connections of its own
//! (threats T23 and T24).

use serde_json::{Value, json};

use super::{initialize, legacy_call, turn};
use crate::caller::Call;
use crate::running::{serve, wire};

const CLIENTS: usize = 50;
const CALLS: usize = 200;

#[derive(Debug, Clone, Copy)]
enum Era {
    Modern,
    /// Each client has a session.
    Own,
    /// All clients are in one session, as hosted clients pool them.
    Shared,
}

async fn everybody_calls(era: Era) {
    let _turn = turn().await;
    let server = serve(mcp_server::Limits::for_server()).await;
    let shared = super::session(&server).await;
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let mut caller = server.caller().await;
        let session = match era {
            Era::Own => {
                let begun = caller.send(&wire(&initialize())).await.unwrap();
                begun.header("mcp-session-id").unwrap().to_owned()
            }
            _ => shared.clone(),
        };
        clients.push(tokio::spawn(async move {
            for number in 0..CALLS {
                let text = format!("{client}/{number}");
                let tool = if number % 2 == 0 { "echo" } else { "echo_later" };
                let arguments = json!({ "text": text });
                let call = match era {
                    Era::Modern => Call::tool(tool, arguments),
                    Era::Own | Era::Shared => legacy_call(&session, tool, arguments),
                };
                let answer = caller.send(&wire(&call)).await.unwrap();
                let message: Value = serde_json::from_str(&answer.body).unwrap();
                assert_eq!(message["id"], 1, "{era:?} {message}");
                assert_eq!(message["result"]["content"][0]["text"], text, "{era:?} {message}");
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modern_callers_get_their_own_answers() {
    everybody_calls(Era::Modern).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_get_their_own_answers() {
    everybody_calls(Era::Own).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_of_one_session_get_their_own_answers() {
    everybody_calls(Era::Shared).await;
}
