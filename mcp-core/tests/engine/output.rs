//! Peers that read slowly or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_core::ConnectionLimits;
use mcp_core::service::{Notification, Service as _};
use mcp_core::transport::TransportErrorKind;
use serde_json::Value;

use crate::support::{Harness, Local, NonceMessages as _, nonce, request, until_idle};

fn small_outbox() -> ConnectionLimits {
    let mut limits = ConnectionLimits::default();
    limits.max_outbox_bytes = 4 << 10;
    limits
}

fn event(nonce: u64) -> Notification {
    Notification::new("event", request(0, "x", nonce).params)
}

#[tokio::test(start_paused = true)]
async fn senders_wait_while_the_peer_does_not_read_and_nothing_is_lost() {
    let mut harness = Harness::with(&small_outbox(), Default::default(), 1 << 10);
    let sent = Arc::new(AtomicUsize::new(0));
    let remote = harness.remote.clone();
    let counter = Arc::clone(&sent);
    let sender = tokio::spawn(async move {
        for number in 0..10_000 {
            remote.notify(event(number)).await;
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let calls: Vec<_> = (0..100).map(|id| harness.call(request(id, "echo", id as u64))).collect();
    until_idle().await;
    assert!(sent.load(Ordering::Relaxed) < 200, "{sent:?} notifications were accepted");
    assert!(harness.remote.stats().outbox_bytes < (4 << 10) + 100);
    let (mut notifications, mut answered) = (0, 0);
    while notifications < 10_000 || answered < 100 {
        let message = harness.wire.message().await;
        if message["method"] == "event" {
            assert_eq!(message["params"]["n"], notifications);
            notifications += 1;
        } else {
            harness.wire.result(&message["id"], message["params"]["n"].as_u64().unwrap()).await;
            answered += 1;
        }
    }
    sender.await.unwrap();
    for (id, call) in calls.into_iter().enumerate() {
        assert_eq!(nonce(&call.await.unwrap()), Some(id as u64));
    }
    harness.assert_nothing_left().await;
}

/// With several threads, a sender may check the outbox between any two steps of the driver.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_bounds_senders_on_other_threads() {
    const PIPE_BYTES: usize = 256;
    let mut harness = Harness::with(&small_outbox(), Default::default(), PIPE_BYTES);
    let accepted = Arc::new(AtomicUsize::new(0));
    let length = r#"{"jsonrpc":"2.0","method":"event","params":{"n":0}}"#.len() + 1;
    let mut senders = Vec::new();
    for _ in 0..4 {
        let (remote, accepted) = (harness.remote.clone(), Arc::clone(&accepted));
        senders.push(tokio::spawn(async move {
            loop {
                remote.notify(event(0)).await;
                accepted.fetch_add(length, Ordering::SeqCst);
            }
        }));
    }
    let (mut read, mut max_held) = (0, 0);
    for _ in 0..5_000 {
        read += harness.wire.discard(16).await;
        let held = accepted.load(Ordering::SeqCst).saturating_sub(read);
        max_held = max_held.max(held);
    }
    for sender in senders {
        sender.abort();
        assert!(sender.await.unwrap_err().is_cancelled());
    }
    // The limit, one message more for each sender that checked at the same moment, and the bytes in
    // the pipe.
    assert!(max_held <= (4 << 10) + PIPE_BYTES + 5 * length, "{max_held} bytes were held");
}

#[tokio::test]
async fn a_loop_of_notifications_does_not_starve_other_tasks() {
    let mut harness = Harness::with(&ConnectionLimits::default(), Default::default(), 1 << 10);
    for is_closed in [false, true] {
        if is_closed {
            harness.wire.close();
            until_idle().await;
        }
        let remote = harness.remote.clone();
        let flood = tokio::spawn(async move {
            loop {
                remote.notify(event(0)).await;
            }
        });
        tokio::task::yield_now().await; // Returns only if the loop yields.
        flood.abort();
        assert!(flood.await.unwrap_err().is_cancelled());
    }
}

#[tokio::test(start_paused = true)]
async fn garbage_from_a_peer_that_does_not_read_is_answered_only_up_to_a_limit() {
    let mut harness = Harness::with(&small_outbox(), Default::default(), 1 << 10);
    let flood = b"x\n".repeat(1 << 20);
    let stuck = tokio::time::timeout(Duration::from_secs(5), harness.wire.send_bytes(&flood)).await;
    assert!(stuck.is_err(), "2 MiB of garbage were read");
    assert!(harness.remote.stats().outbox_bytes < 16 << 10, "{:?}", harness.remote.stats());
    // The conversation continues when the peer reads.
    let mut refused = 0;
    while tokio::time::timeout(Duration::from_millis(10), harness.wire.message()).await.is_ok() {
        refused += 1;
    }
    assert!(refused > 50, "{refused}");
    harness.wire.send_line("").await;
    harness.wire.request(1, "echo", 1).await;
    while harness.wire.message().await["id"] != 1 {}
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn calls_wait_while_their_answers_are_not_read() {
    let mut limits = small_outbox();
    limits.max_in_flight_requests = 8;
    let mut harness = Harness::with(&limits, Default::default(), 1 << 10);
    for id in 0..20 {
        harness.wire.request(id, "size", 4 << 10).await;
    }
    until_idle().await;
    assert!(harness.remote.stats().outbox_bytes < 10 << 10, "{:?}", harness.remote.stats());
    for id in 0..20 {
        assert_eq!(harness.wire.message().await["id"], id);
    }
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_is_disconnected_after_the_stall_timeout() {
    let mut limits = small_outbox();
    limits.write_stall_timeout = Duration::from_secs(30);
    let mut harness = Harness::with(&limits, Default::default(), 64);
    let waiting = harness.call(request(1, "echo", 1));
    let started = tokio::time::Instant::now();
    harness.wire.request(1, "size", 10_000).await;
    // Reading a little from time to time is enough.
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert!(harness.wire.discard(10).await > 0);
    }
    assert!(!harness.driver.is_finished());
    let error = harness.driver.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Closed);
    let waited = started.elapsed();
    assert!(waited >= Duration::from_secs(129) && waited <= Duration::from_secs(131), "{waited:?}");
    assert!(waiting.await.unwrap().is_err());
    assert_eq!(harness.remote.stats(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn an_idle_peer_is_not_disconnected() {
    let mut harness = Harness::new(&small_outbox());
    harness.wire.request(1, "size", 100).await;
    harness.wire.message().await;
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    harness.wire.request(2, "echo", 2).await;
    assert_eq!(harness.wire.message().await["id"], 2);
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
}

#[tokio::test(flavor = "current_thread")]
async fn a_flood_of_messages_does_not_keep_other_tasks_from_running() {
    // All messages are readable at once, and every call completes in its first poll, so only the
    // driver's own budget makes it yield.
    const CALLS: usize = 20_000;
    let mut harness = Harness::with(&ConnectionLimits::default(), Local::default(), 64 << 20);
    let flood: String = (0..CALLS)
        .map(|id| {
            format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"echo\",\"params\":{{\"n\":1}}}}\n"
            )
        })
        .collect();
    harness.wire.send_bytes(flood.as_bytes()).await;
    // A task that is always ready and counts its polls.
    let polls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&polls);
    let other = tokio::spawn(std::future::poll_fn(move |cx| {
        counter.fetch_add(1, Ordering::Relaxed);
        cx.waker().wake_by_ref();
        std::task::Poll::<()>::Pending
    }));
    let mut answered = 0;
    while answered < CALLS {
        tokio::task::yield_now().await;
        answered += harness.wire.received().await.len();
    }
    let polls = polls.load(Ordering::Relaxed);
    assert!(polls >= CALLS / 256, "another task ran only {polls} times during {CALLS} calls");
    other.abort();
    harness.assert_nothing_left().await;
}
