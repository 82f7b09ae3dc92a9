//! Two thousand peers that send a byte now and then (THREAT-6 and THREAT-7).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mcp_server::Limits;
use mcp_test_support::http::wire;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{echo, turn};
use crate::running::{Running, serve};

const HEADS: usize = 800;
/// More than there may be requests in flight.
const BODIES: usize = 1_200;
/// What each of them has.
const PATIENCE: Duration = Duration::from_secs(2);
/// Late by as much as a busy machine makes it.
const SLACK: Duration = Duration::from_secs(4);

/// Sends a byte every 200 ms until the server has had enough; gives how long that took, and what it
/// said.
async fn dribble(mut stream: TcpStream) -> (Duration, String) {
    let began = Instant::now();
    let mut said = Vec::new();
    let mut next = tokio::time::interval(Duration::from_millis(200));
    loop {
        tokio::select! {
            read = stream.read_buf(&mut said) => if matches!(read, Ok(0) | Err(_)) { break },
            _ = next.tick() => drop(stream.write_all(b"x").await), // Reading tells what is wrong.
        }
    }
    (began.elapsed(), String::from_utf8_lossy(&said).into_owned())
}

async fn all_connected(server: &Running) -> Vec<tokio::task::JoinHandle<(Duration, String)>> {
    let mut peers = Vec::new();
    let whole = wire(&echo("never"));
    for number in 0..HEADS + BODIES {
        let begun = match number < HEADS {
            true => &b"POST /mcp HTTP/1.1\r\nhost: localhost\r\nx-slow: "[..],
            false => &whole[..whole.len() - 100],
        };
        peers.push(tokio::spawn(dribble(server.connect(begun).await)));
    }
    peers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_slow_peers_are_disconnected_in_time_and_others_are_served() {
    let _turn = turn().await;
    let mut limits = Limits::new();
    limits.http.head_timeout = PATIENCE;
    limits.http.body_timeout = PATIENCE;
    assert!(BODIES > limits.http.max_in_flight_requests);
    limits.http.max_connections = HEADS + BODIES + 1;
    let server = serve(limits).await;
    let mut healthy = server.caller().await;
    assert_eq!(healthy.send(&wire(&echo("first"))).await.unwrap().status, 200);

    let open = Arc::new(AtomicUsize::new(HEADS + BODIES));
    let peers = all_connected(&server).await.into_iter().map(|peer| {
        let open = Arc::clone(&open);
        tokio::spawn(async move {
            let ended = peer.await.unwrap();
            open.fetch_sub(1, Ordering::SeqCst);
            ended
        })
    });
    let peers: Vec<_> = peers.collect();
    let (mut answered, mut worst) = (0, Duration::ZERO);
    while open.load(Ordering::SeqCst) > 0 {
        let began = Instant::now();
        let answer = healthy.send(&wire(&echo(&format!("call {answered}")))).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.text.contains(&format!("call {answered}")));
        worst = worst.max(began.elapsed());
        answered += 1;
    }
    assert!(answered > 100, "only {answered} while there were slow ones");
    assert!(worst < PATIENCE / 2, "a call took {worst:?}");
    for (number, peer) in peers.into_iter().enumerate() {
        let (took, said) = peer.await.unwrap();
        assert!(took < PATIENCE + SLACK, "{number}: {took:?}");
        // A head has no answer; a body that did not come is a 408.
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{number}: {said}");
    }
    drop(healthy);
    let (took, outcome) = server.stop().await;
    outcome.unwrap();
    assert!(took < SLACK, "nothing is left to wait for: {took:?}");
}
