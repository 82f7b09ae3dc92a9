//! Stopping while everybody is busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mcp_server::Limits;
use mcp_test_support::http::{Call, read_until, rest, wire};
use mcp_test_support::soon;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::{legacy_call, session, stream_of, turn};
use crate::running::serve;

const LISTENERS: usize = 20;
const WAITING: usize = 50;
const BUSY: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_runs_is_answered_and_listeners_get_their_result_in_bounded_time() {
    let _turn = turn().await;
    let server = serve(Limits::new()).await;
    let seen = Arc::clone(&server.seen);
    let mut listeners = Vec::new();
    let mut streams = Vec::new();
    for _ in 0..LISTENERS {
        let call = Call::new(
            "subscriptions/listen",
            json!({ "notifications": { "toolsListChanged": true } }),
        );
        let mut listener = server.connect(&wire(&call)).await;
        read_until(&mut listener, "acknowledged").await;
        listeners.push(listener);
        let mut stream = server.connect(&wire(&stream_of(&session(&server).await))).await;
        read_until(&mut stream, "retry:").await;
        streams.push(stream);
    }
    // Calls of both eras that run when the server stops.
    let mut waiting: Vec<(String, TcpStream)> = Vec::new();
    let id = session(&server).await;
    for number in 0..WAITING {
        let text = format!("call {number}");
        let call = match number % 2 {
            0 => Call::tool("gate", json!({ "text": text })),
            _ => legacy_call(&id, "gate", json!({ "text": text })),
        };
        waiting.push((text, server.connect(&wire(&call)).await));
    }
    soon(seen.wait(|seen| seen.started.load(Ordering::SeqCst), WAITING)).await;
    // Clients that call one thing after the other, without end.
    let stopping = Arc::new(AtomicBool::new(false));
    let mut busy = Vec::new();
    for number in 0..BUSY {
        let (mut caller, stopping) = (server.caller().await, Arc::clone(&stopping));
        let call = wire(&Call::tool("echo_later", json!({ "text": number.to_string() })));
        let (began, has_begun) = oneshot::channel();
        let calling = tokio::spawn(async move {
            let (mut answered, mut began) = (0, Some(began));
            while let Some(answer) = caller.send(&call).await {
                assert_eq!(answer.status, 200, "{answer:?}");
                answered += 1;
                began.take().map(|began| began.send(()));
            }
            assert!(
                stopping.load(Ordering::SeqCst),
                "the server hung up before it was told to stop"
            );
            answered
        });
        busy.push((has_begun, calling));
    }
    let mut counts = Vec::new();
    for (began, client) in busy {
        soon(began).await.unwrap();
        counts.push(client);
    }
    stopping.store(true, Ordering::SeqCst);
    let address = server.address;
    let stopped = tokio::spawn(server.stop());
    // Listeners end although calls still run.
    for mut listener in listeners {
        assert!(rest(&mut listener).await.contains(r#""resultType":"complete""#));
    }
    for mut stream in streams {
        assert!(rest(&mut stream).await.ends_with("0\r\n\r\n"), "the stream has its proper end");
    }
    assert!(TcpStream::connect(address).await.is_err(), "no connection is accepted");
    assert!(!stopped.is_finished(), "calls still run");
    seen.gate.add_permits(WAITING);
    for (text, mut stream) in waiting {
        let answer = rest(&mut stream).await;
        assert!(answer.contains(&format!(r#""text":"{text}""#)), "{text}: {answer}");
    }
    for client in counts {
        assert!(soon(client).await.unwrap() > 0);
    }
    let (took, outcome) = soon(stopped).await.unwrap();
    outcome.unwrap();
    assert!(took < Duration::from_secs(8), "within the drain time: {took:?}");
}
