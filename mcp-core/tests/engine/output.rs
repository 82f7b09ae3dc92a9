//! A peer that reads slowly, or not at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_core::ConnectionLimits;
use mcp_core::service::{Notification, Service as _};
use mcp_core::transport::TransportErrorKind;
use serde_json::Value;

use crate::support::{Bench, Local, idle, nonce, request};

fn small_outbox() -> ConnectionLimits {
    let mut limits = ConnectionLimits::default();
    limits.max_outbox_bytes = 4 << 10;
    limits
}

fn note(nonce: u64) -> Notification {
    Notification::new("tell", request(0, "x", nonce).params)
}

#[tokio::test(start_paused = true)]
async fn senders_wait_while_the_peer_does_not_read_then_all_goes_out_in_order() {
    let mut bench = Bench::with(&small_outbox(), Default::default(), 1 << 10);
    let sent = Arc::new(AtomicUsize::new(0));
    let remote = bench.remote.clone();
    let counter = Arc::clone(&sent);
    let sender = tokio::spawn(async move {
        for number in 0..10_000 {
            remote.notify(note(number)).await;
            counter.fetch_add(1, Ordering::Relaxed);
        }
    });
    let calls: Vec<_> = (0..100).map(|id| bench.call(request(id, "echo", id as u64))).collect();
    idle().await;
    assert!(sent.load(Ordering::Relaxed) < 200, "{sent:?} notifications went nowhere");
    assert!(bench.remote.stats().outbox_bytes < (4 << 10) + 100);
    let (mut notes, mut answered) = (0, 0);
    while notes < 10_000 || answered < 100 {
        let message = bench.wire.message().await;
        if message["method"] == "tell" {
            assert_eq!(message["params"]["n"], notes);
            notes += 1;
        } else {
            bench.wire.result(&message["id"], message["params"]["n"].as_u64().unwrap()).await;
            answered += 1;
        }
    }
    sender.await.unwrap();
    for (id, call) in calls.into_iter().enumerate() {
        assert_eq!(nonce(&call.await.unwrap()), Some(id as u64));
    }
    bench.leaves_nothing().await;
}

/// With threads, a sender may look between any two steps of the driver.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_bounds_senders_on_other_threads() {
    const PIPE: usize = 256;
    let mut bench = Bench::with(&small_outbox(), Default::default(), PIPE);
    let accepted = Arc::new(AtomicUsize::new(0));
    let length = r#"{"jsonrpc":"2.0","method":"tell","params":{"n":0}}"#.len() + 1;
    let mut senders = Vec::new();
    for _ in 0..4 {
        let (remote, accepted) = (bench.remote.clone(), Arc::clone(&accepted));
        senders.push(tokio::spawn(async move {
            loop {
                remote.notify(note(0)).await;
                accepted.fetch_add(length, Ordering::SeqCst);
            }
        }));
    }
    let (mut read, mut most) = (0, 0);
    for _ in 0..5_000 {
        read += bench.wire.skim(16).await;
        let held = accepted.load(Ordering::SeqCst).saturating_sub(read);
        most = most.max(held);
    }
    for sender in senders {
        sender.abort();
    }
    // One message over the bound for each sender that looked at the same moment, and what is in the pipe.
    assert!(most <= (4 << 10) + PIPE + 5 * length, "{most} bytes were held");
}

#[tokio::test(start_paused = true)]
async fn garbage_from_a_peer_that_does_not_read_is_not_answered_without_end() {
    let mut bench = Bench::with(&small_outbox(), Default::default(), 1 << 10);
    let flood = b"x\n".repeat(1 << 20);
    let stuck = tokio::time::timeout(Duration::from_secs(5), bench.wire.bytes(&flood)).await;
    assert!(stuck.is_err(), "two mebibytes of garbage were taken in");
    assert!(bench.remote.stats().outbox_bytes < 16 << 10, "{:?}", bench.remote.stats());
    // Once it reads, the conversation goes on.
    let mut refused = 0;
    while tokio::time::timeout(Duration::from_millis(10), bench.wire.message()).await.is_ok() {
        refused += 1;
    }
    assert!(refused > 50, "{refused}");
    bench.wire.send("").await;
    bench.wire.request(1, "echo", 1).await;
    while bench.wire.message().await["id"] != 1 {}
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn calls_wait_while_their_answers_are_not_read() {
    let mut limits = small_outbox();
    limits.max_in_flight_requests = 8;
    let mut bench = Bench::with(&limits, Default::default(), 1 << 10);
    for id in 0..20 {
        bench.wire.request(id, "size", 4 << 10).await;
    }
    idle().await;
    assert!(bench.remote.stats().outbox_bytes < 10 << 10, "{:?}", bench.remote.stats());
    for id in 0..20 {
        assert_eq!(bench.wire.message().await["id"], id);
    }
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_for_too_long_is_given_up() {
    let mut limits = small_outbox();
    limits.write_stall_timeout = Duration::from_secs(30);
    let mut bench = Bench::with(&limits, Default::default(), 64);
    let waiting = bench.call(request(1, "echo", 1));
    let started = tokio::time::Instant::now();
    bench.wire.request(1, "size", 10_000).await;
    // Reading a little now and then is enough.
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert!(bench.wire.skim(10).await > 0);
    }
    assert!(!bench.driver.is_finished());
    let error = bench.driver.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Closed);
    let waited = started.elapsed();
    assert!(waited >= Duration::from_secs(129) && waited <= Duration::from_secs(131), "{waited:?}");
    assert!(waiting.await.unwrap().is_err());
    assert_eq!(bench.remote.stats(), Default::default());
}

#[tokio::test(start_paused = true)]
async fn an_idle_peer_is_not_given_up() {
    let mut bench = Bench::new(&small_outbox());
    bench.wire.request(1, "size", 100).await;
    bench.wire.message().await;
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    bench.wire.request(2, "echo", 2).await;
    assert_eq!(bench.wire.message().await["id"], 2);
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
}

#[tokio::test(flavor = "current_thread")]
async fn a_flood_of_messages_does_not_keep_other_tasks_from_running() {
    // The whole flood is readable at once, and every call is answered where it is polled, so that nothing but
    // the driver's own budget makes it yield.
    const CALLS: usize = 20_000;
    let mut bench = Bench::with(&ConnectionLimits::default(), Local::default(), 64 << 20);
    let flood: String = (0..CALLS)
        .map(|id| {
            format!(
                "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"echo\",\"params\":{{\"n\":1}}}}\n"
            )
        })
        .collect();
    bench.wire.bytes(flood.as_bytes()).await;
    // A task that is always ready to run, and counts how often it does.
    let turns = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&turns);
    let other = tokio::spawn(std::future::poll_fn(move |cx| {
        counted.fetch_add(1, Ordering::Relaxed);
        cx.waker().wake_by_ref();
        std::task::Poll::<()>::Pending
    }));
    let mut answered = 0;
    while answered < CALLS {
        tokio::task::yield_now().await;
        answered += bench.wire.arrived().await.len();
    }
    let turns = turns.load(Ordering::Relaxed);
    assert!(turns >= CALLS / 256, "another task ran only {turns} times during {CALLS} calls");
    other.abort();
    bench.leaves_nothing().await;
}
