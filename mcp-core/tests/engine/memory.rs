//! The in-memory transport has the same guarantees as a stream.

use std::sync::Arc;

use mcp_core::ConnectionLimits;
use mcp_core::json::JsonBytes;
use mcp_core::service::{CallError, Notification, Peer, Reply, Request};
use mcp_core::transport::TransportErrorKind;
use mcp_core::transport::memory::{self, Link};
use tokio::task::JoinHandle;

use crate::support::{Local, nonce, request, until_idle};

fn pair(limits: &ConnectionLimits) -> (Link, Arc<Local>, Arc<Local>) {
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
    let (link, ..) = pair(&ConnectionLimits::default());
    let mut waiting = Vec::new();
    for number in 0..1_000_u64 {
        for (end, peer) in [link.first(), link.second()].iter().enumerate() {
            let nonce_sent = number * 2 + end as u64;
            waiting.push((
                nonce_sent,
                call(peer, request(number as i64, ["echo", "later"][end], nonce_sent)),
            ));
        }
    }
    for (nonce_sent, answer) in waiting {
        assert_eq!(nonce(&answer.await.unwrap()), Some(nonce_sent));
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_drops_its_handler_and_frees_its_capacity() {
    let mut limits = ConnectionLimits::default();
    limits.max_in_flight_requests = 1;
    let (link, _first, second) = pair(&limits);
    let running = call(&link.second(), request(1, "hold", 1));
    let waiting = call(&link.second(), request(2, "hold", 2));
    let third = call(&link.second(), request(3, "hold", 3));
    until_idle().await;
    assert_eq!(second.log(), ["start 1"]);
    waiting.abort();
    running.abort();
    until_idle().await;
    assert_eq!(second.log(), ["drop 1", "start 3"]);
    second.release(3);
    assert_eq!(nonce(&third.await.unwrap()), Some(3));
}

#[tokio::test(start_paused = true)]
async fn running_and_queued_calls_are_bounded() {
    let mut limits = ConnectionLimits::default();
    (limits.max_in_flight_requests, limits.max_queued_requests) = (4, 8);
    let (link, _first, second) = pair(&limits);
    let calls: Vec<_> =
        (0..20).map(|id| call(&link.second(), request(id, "hold", id as u64))).collect();
    until_idle().await;
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
async fn messages_over_the_limits_of_length_depth_or_values_are_refused() {
    let mut limits = ConnectionLimits::default();
    (limits.max_message_bytes, limits.max_json_nodes, limits.max_outgoing_bytes) =
        (10_000, 100, 1_000);
    let (link, _first, second) = pair(&limits);
    let send = |text: String| {
        let params = JsonBytes::from_trusted(text);
        call(&link.second(), Request::new(1.into(), "echo", params))
    };
    let deep = |depth: usize| format!("{{\"x\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    // A message adds one level to the depth of its parameters.
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
    let event = |text: String| Notification::new("event", JsonBytes::from_trusted(text));
    link.second().notify(event(deep(100))).await;
    link.second().notify(event("{\"n\":1}".into())).await;
    assert_eq!(second.log(), ["event 1"]);
}

#[tokio::test(start_paused = true)]
async fn the_bytes_of_queued_calls_are_bounded() {
    let mut limits = ConnectionLimits::default();
    (limits.max_in_flight_requests, limits.max_queued_bytes) = (1, 1);
    let (link, _first, second) = pair(&limits);
    let calls: Vec<_> =
        (1..=3).map(|id| call(&link.second(), request(id, "hold", id as u64))).collect();
    until_idle().await;
    for id in 1..=3 {
        second.release(id);
    }
    let mut kinds = Vec::new();
    for call in calls {
        kinds.push(kind(&call.await.unwrap()));
    }
    assert_eq!(kinds, [None, None, Some(TransportErrorKind::Overloaded)]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_can_call_its_caller_through_the_same_link() {
    let mut caller = None;
    let (first, second) = (Arc::new(Local::default()), Arc::new(Local::default()));
    let limits = ConnectionLimits::default();
    let open = |peer: Peer| {
        caller = Some(peer);
        Arc::clone(&second)
    };
    let link = memory::connect(&limits, |_| Arc::clone(&first), &limits, open);
    let asked = link.second().call(request(1, "ask", 5)).await;
    assert_eq!(nonce(&asked), Some(5));
    assert_eq!(nonce(&caller.unwrap().call(request(2, "echo", 6)).await), Some(6));
}

#[tokio::test(start_paused = true)]
async fn closing_fails_later_and_queued_calls_and_lets_running_ones_finish() {
    for dropped in [false, true] {
        let mut limits = ConnectionLimits::default();
        limits.max_in_flight_requests = 1;
        let (link, first, second) = pair(&limits);
        let peer = link.second();
        let running = call(&peer, request(1, "hold", 1));
        let waiting = call(&peer, request(2, "echo", 2));
        until_idle().await;
        if dropped {
            drop(link);
        } else {
            link.close();
        }
        assert_eq!(kind(&peer.call(request(3, "echo", 3)).await), Some(TransportErrorKind::Closed));
        assert_eq!(kind(&waiting.await.unwrap()), Some(TransportErrorKind::Closed));
        second.release(1);
        assert_eq!(nonce(&running.await.unwrap()), Some(1));
        peer.notify(Notification::new("event", JsonBytes::empty_object())).await;
        assert_eq!(second.log(), ["start 1", "end 1"]);
        assert_eq!(
            (Arc::strong_count(&first), Arc::strong_count(&second)),
            (1, 1),
            "the link must release both sides"
        );
    }
}
