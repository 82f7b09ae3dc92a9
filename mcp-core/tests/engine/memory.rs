//! The in-memory pair keeps the promises of a stream.

use std::sync::Arc;

use mcp_core::Limits;
use mcp_core::json::JsonBytes;
use mcp_core::service::{CallError, Notification, Peer, Reply, Request};
use mcp_core::transport::TransportErrorKind;
use mcp_core::transport::memory::{self, Link};
use tokio::task::JoinHandle;

use crate::support::{Local, idle, nonce, request};

fn pair(limits: &Limits) -> (Link, Arc<Local>, Arc<Local>) {
    let (first, second) = (Arc::new(Local::default()), Arc::new(Local::default()));
    let link = memory::connect(limits, |_| Arc::clone(&first), limits, |_| Arc::clone(&second));
    (link, first, second)
}

fn call(peer: &Peer, request: Request) -> JoinHandle<Reply> {
    let peer = peer.clone();
    tokio::spawn(async move { peer.call(request).await })
}

fn kind(reply: &Reply) -> Option<TransportErrorKind> {
    match reply {
        Err(CallError::Transport(error)) => Some(error.kind()),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_each_way_get_their_own_answers() {
    let (link, ..) = pair(&Limits::default());
    let mut waiting = Vec::new();
    for number in 0..1_000_u64 {
        for (end, peer) in [link.first(), link.second()].iter().enumerate() {
            let secret = number * 2 + end as u64;
            waiting
                .push((secret, call(peer, request(number as i64, ["echo", "later"][end], secret))));
        }
    }
    for (secret, answer) in waiting {
        assert_eq!(nonce(&answer.await.unwrap()), Some(secret));
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_drops_its_handler_and_frees_its_place() {
    let mut limits = Limits::default();
    limits.in_flight = 1;
    let (link, _first, second) = pair(&limits);
    let running = call(&link.second(), request(1, "hold", 1));
    let waiting = call(&link.second(), request(2, "hold", 2));
    let third = call(&link.second(), request(3, "hold", 3));
    idle().await;
    assert_eq!(second.log(), ["start 1"]);
    waiting.abort();
    running.abort();
    idle().await;
    assert_eq!(second.log(), ["drop 1", "start 3"]);
    second.release(3);
    assert_eq!(nonce(&third.await.unwrap()), Some(3));
}

#[tokio::test(start_paused = true)]
async fn running_and_waiting_calls_are_bounded() {
    let mut limits = Limits::default();
    (limits.in_flight, limits.queued) = (4, 8);
    let (link, _first, second) = pair(&limits);
    let calls: Vec<_> =
        (0..20).map(|id| call(&link.second(), request(id, "hold", id as u64))).collect();
    idle().await;
    assert_eq!(second.log().len(), 4);
    for id in 0..20 {
        second.release(id);
    }
    let (mut served, mut refused) = (0, 0);
    for call in calls {
        let reply = call.await.unwrap();
        served += usize::from(reply.is_ok());
        refused += usize::from(kind(&reply) == Some(TransportErrorKind::Overloaded));
    }
    assert_eq!((served, refused), (12, 8));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_large_too_deep_or_too_much_is_refused() {
    let mut limits = Limits::default();
    (limits.message_bytes, limits.nodes, limits.outgoing_bytes) = (10_000, 100, 1_000);
    let (link, _first, second) = pair(&limits);
    let send = |text: String| {
        let params = JsonBytes::from_trusted(text.into_bytes());
        call(&link.second(), Request::new(1.into(), "echo", params))
    };
    let deep = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    // A message is one level around its parameters.
    assert!(send(deep(62)).await.unwrap().is_ok());
    for text in [
        deep(63),
        deep(100_000),
        format!("{{\"x\":\"{}\"}}", "x".repeat(10_000)),
        format!("{{\"x\":[{}]}}", vec!["1"; 100].join(",")),
    ] {
        let reply = send(text).await.unwrap();
        assert!(
            matches!(&reply, Err(CallError::Peer(error)) if error.code() == -32600),
            "{reply:?}"
        );
    }
    let reply = call(&link.second(), request(1, "size", 2_000)).await.unwrap();
    assert!(matches!(&reply, Err(CallError::Peer(error)) if error.code() == -32603), "{reply:?}");
    let note = |text: String| Notification::new("tell", JsonBytes::from_trusted(text.into_bytes()));
    link.second().notify(note(deep(100))).await;
    link.second().notify(note("{\"n\":1}".into())).await;
    assert_eq!(second.log(), ["note tell 1"]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_asks_back_through_the_same_link() {
    let mut back = None;
    let (first, second) = (Arc::new(Local::default()), Arc::new(Local::default()));
    let limits = Limits::default();
    let open = |peer: Peer| {
        back = Some(peer);
        Arc::clone(&second)
    };
    let link = memory::connect(&limits, |_| Arc::clone(&first), &limits, open);
    let asked = link.second().call(request(1, "ask", 5)).await;
    assert_eq!(nonce(&asked), Some(5));
    assert_eq!(nonce(&back.unwrap().call(request(2, "echo", 6)).await), Some(6));
}

#[tokio::test(start_paused = true)]
async fn closing_fails_later_and_waiting_calls_and_lets_running_ones_end() {
    for drops in [false, true] {
        let mut limits = Limits::default();
        limits.in_flight = 1;
        let (link, first, second) = pair(&limits);
        let peer = link.second();
        let running = call(&peer, request(1, "hold", 1));
        let waiting = call(&peer, request(2, "echo", 2));
        idle().await;
        if drops {
            drop(link);
        } else {
            link.close();
        }
        assert_eq!(kind(&peer.call(request(3, "echo", 3)).await), Some(TransportErrorKind::Closed));
        assert_eq!(kind(&waiting.await.unwrap()), Some(TransportErrorKind::Closed));
        second.release(1);
        assert_eq!(nonce(&running.await.unwrap()), Some(1));
        peer.notify(Notification::new("tell", JsonBytes::empty_object())).await;
        assert_eq!(second.log(), ["start 1", "end 1"]);
        assert_eq!(
            (Arc::strong_count(&first), Arc::strong_count(&second)),
            (1, 1),
            "the sides are let go"
        );
    }
}
