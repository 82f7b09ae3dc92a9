//! Fifty clients that call everything 1: each gets its own answers, in both eras, over connections
//! of its own (THREAT-23 and THREAT-24).

use mcp_test_support::http::{Call, wire};
use serde_json::json;

use super::{legacy_call, session, turn};
use crate::running::serve;

const CLIENTS: usize = 50;
const CALLS: usize = 200;

/// Who has a session of his own, who shares one as hosted clients do, and who needs none.
#[derive(Debug, Clone, Copy)]
enum Era {
    Modern,
    Own,
    Shared,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_call_everything_1_get_their_own_answers() {
    let _turn = turn().await;
    let server = serve(mcp_server::Limits::new()).await;
    let shared = session(&server).await;
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let era = [Era::Modern, Era::Shared, Era::Own, Era::Shared][client % 4];
        let mut caller = server.caller().await;
        let session = match era {
            Era::Own => session(&server).await,
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
                let message = answer.json();
                assert_eq!(message["id"], 1, "{era:?} {message}");
                assert_eq!(message["result"]["content"][0]["text"], text, "{era:?} {message}");
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
}
