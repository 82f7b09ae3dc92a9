//! Logs whose records go to a sink of the user, and sinks that fail.

use std::sync::atomic::Ordering;
use std::time::Duration;

use mcp_server::audit::{AuditError, AuditEvent, AuditLimits, AuditLog, OnFailure};
use mcp_test_support::{Gate, settle};

use super::chain::{Memory, event};

fn limits(change: impl FnOnce(&mut AuditLimits)) -> AuditLimits {
    let mut limits = AuditLimits::new();
    change(&mut limits);
    limits
}

#[tokio::test(start_paused = true)]
async fn a_sink_receives_a_chain() {
    let sink = Memory::default();
    let log = AuditLog::builder().open_sink(sink.clone()).unwrap();
    for number in 0..50 {
        log.record(event(number)).await.unwrap();
    }
    assert_eq!(sink.report().records, 51);
    assert_eq!(sink.report().head.as_deref(), log.head().map(|head| head.event_hash).as_deref());
    log.close().await.unwrap();
    // Another log goes on.
    let log = AuditLog::builder().after(sink.report().head.unwrap()).open_sink(sink.clone());
    log.unwrap().close().await.unwrap();
    assert_eq!(sink.report().records, 52);
}

#[test]
fn a_sink_needs_a_runtime() {
    let error = AuditLog::builder().open_sink(Memory::default()).unwrap_err();
    assert!(matches!(error, AuditError::Start(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn calls_are_refused_while_records_cannot_be_written_and_then_go_on() {
    let sink = Memory::default();
    let log = AuditLog::builder().open_sink(sink.clone()).unwrap();
    log.record(event(0)).await.unwrap();
    sink.fails.store(true, Ordering::Relaxed);
    let error = log.record(event(1)).await.unwrap_err();
    assert!(error.to_string().contains("the database is down"), "{error}");
    assert!(log.is_failing());
    assert!(matches!(log.ready(), Err(AuditError::Write(_))));
    // It is tried again once a second, and the record is not lost.
    let before = sink.attempts.load(Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let attempts = sink.attempts.load(Ordering::Relaxed) - before;
    assert!((9..=11).contains(&attempts), "{attempts}");
    sink.fails.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(log.ready().is_ok());
    log.record(event(2)).await.unwrap();
    assert_eq!((sink.report().records, log.lost_records()), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn a_slow_sink_is_given_up_in_its_time_and_asked_again() {
    let gate = Gate::new();
    let sink = Memory { gate: Some(gate.clone()), ..Memory::default() };
    let limits = limits(|limits| limits.write_timeout = Duration::from_secs(3));
    let log = AuditLog::builder().limits(limits).open_sink(sink.clone()).unwrap();
    let error = log.record(event(0)).await.unwrap_err();
    let is_named = error.to_string().contains("(write_timeout)");
    assert!(is_named && log.is_failing(), "{error}");
    assert!(log.ready().is_err());
    gate.open(100);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(log.ready().is_ok());
    log.record(event(1)).await.unwrap();
    assert_eq!(sink.report().records, 3);
}

#[tokio::test(start_paused = true)]
async fn records_that_wait_are_bounded_and_the_lost_ones_are_counted() {
    let sink = Memory::default();
    sink.fails.store(true, Ordering::Relaxed);
    let limits = limits(|limits| limits.max_queued_records = 8);
    let builder = AuditLog::builder().limits(limits).on_failure(OnFailure::Continue);
    let log = builder.open_sink(sink.clone()).unwrap();
    settle().await; // The first record is being written.
    let kept = {
        let mut kept = 0;
        for number in 0..20 {
            kept += usize::from(log.record(event(number)).await.is_ok());
        }
        kept
    };
    assert_eq!((kept, log.lost_records()), (8, 12));
    assert!(log.ready().is_ok(), "calls go on");
    let error = log.record(event(20)).await.unwrap_err();
    assert!(error.to_string().contains("(max_queued_records)"), "{error}");
    sink.fails.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(2)).await;
    log.record(event(21)).await.unwrap();
    log.flush().await.unwrap();
    let report = sink.report();
    assert_eq!((report.lost_records, sink.count(AuditEvent::RECORDS_LOST)), (13, 1));
    assert_eq!(report.records, 1 + 8 + 1 + 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_waits_for_a_place_only_so_long() {
    let gate = Gate::new();
    let sink = Memory { gate: Some(gate.clone()), ..Memory::default() };
    let limits = limits(|limits| {
        limits.max_queued_records = 2;
        limits.queue_timeout = Duration::from_secs(1);
        limits.write_timeout = Duration::from_secs(1_000);
    });
    let log = AuditLog::builder().limits(limits).open_sink(sink.clone()).unwrap();
    settle().await;
    assert!(log.record_now(event(0)) && log.record_now(event(1)) && !log.record_now(event(2)));
    let before = tokio::time::Instant::now();
    let error = log.record(event(3)).await.unwrap_err();
    assert!(error.to_string().contains("(queue_timeout)"), "{error}");
    assert_eq!(before.elapsed(), Duration::from_secs(1));
    assert_eq!(log.lost_records(), 2);
    // A dropped future has recorded nothing either.
    let dropped = tokio::time::timeout(Duration::from_millis(1), log.record(event(4))).await;
    assert!(dropped.is_err());
    assert_eq!(log.lost_records(), 3);
    gate.open(100);
    log.flush().await.unwrap();
    log.record(event(5)).await.unwrap();
    assert_eq!((sink.report().records, sink.report().lost_records), (5, 3));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_closed_while_its_sink_fails_says_what_is_lost() {
    let sink = Memory::default();
    sink.fails.store(true, Ordering::Relaxed);
    let log = AuditLog::builder().on_failure(OnFailure::Continue).open_sink(sink).unwrap();
    for number in 0..4 {
        log.record(event(number)).await.unwrap();
    }
    let error = log.close().await.unwrap_err();
    assert!(error.to_string().contains("5 records are lost"), "{error}");
    assert_eq!(log.lost_records(), 5);
}
