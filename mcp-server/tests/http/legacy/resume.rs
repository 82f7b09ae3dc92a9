//! Streams that are cut off, and taken up again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::StatusCode;
use mcp_server::Limits;
use mcp_server::http::HttpOptions;
use mcp_server::store::{
    EventStore, EventStoreLimits, MemoryEventStore, ReplayError, SessionKey, StoredEvent, StreamKey,
};
use mcp_test_support::message::{result_of, text_of};
use mcp_test_support::settle;
use serde_json::{Value, json};

use super::harness::Host;

fn numbers(messages: &[Value]) -> Vec<u64> {
    messages.iter().filter_map(|message| message["params"]["data"].as_u64()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_cut_anywhere_is_resumed_with_nothing_lost_or_doubled() {
    for cut_after in 0..=6 {
        for pause in [0, 1, 3, 30] {
            let host = Host::new();
            let client = host.session("2025-11-25").await;
            let mut answer = client.call(1, "count", json!({"to": 5})).await;
            let mut last = answer.event().await.unwrap().id.unwrap();
            let mut messages = Vec::new();
            for _ in 0..cut_after {
                let (id, message) = answer.message().await.unwrap();
                last = id;
                messages.push(message);
            }
            drop(answer);
            tokio::time::sleep(Duration::from_secs(pause)).await;
            messages.extend(client.resume(&last).await.messages().await);
            assert_eq!(
                numbers(&messages),
                [1, 2, 3, 4, 5],
                "cut after {cut_after}, away for {pause} s"
            );
            assert_eq!(text_of(result_of(messages.last().unwrap())), "counted to 5");
            assert_eq!(messages.len(), 6);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_be_cut_again_and_again() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut answer = client.call(1, "count", json!({"to": 9})).await;
    assert!(answer.event().await.unwrap().data.is_empty());
    let mut messages = Vec::new();
    while let Some((id, message)) = answer.message().await {
        messages.push(message);
        answer = client.resume(&id).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    assert_eq!(numbers(&messages), (1..=9).collect::<Vec<_>>());
    assert_eq!(messages.len(), 10);
}

#[tokio::test(start_paused = true)]
async fn who_knows_the_last_event_takes_the_place_of_a_dead_connection() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut dead = client.call(1, "count", json!({"to": 3})).await;
    let id = dead.event().await.unwrap().id.unwrap();
    let alive = client.resume(&id).await;
    assert_eq!(numbers(&alive.messages().await), [1, 2, 3]);
    // What it had read before, and nothing more: no message goes on two streams.
    assert_eq!(numbers(&dead.messages().await), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_send_the_client_away() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut answer = client.call(1, "poll_me", json!({})).await;
    let priming = answer.event().await.unwrap();
    assert!(priming.data.is_empty());
    assert_eq!(answer.event().await.unwrap().retry, Some(Duration::from_millis(50)));
    assert!(answer.event().await.is_none(), "the stream has ended without an answer");
    let rest = client.resume(&priming.id.unwrap()).await.messages().await;
    assert_eq!((rest.len(), text_of(result_of(&rest[0]))), (1, "closed true"));
    for revision in ["2025-06-18", "2025-03-26"] {
        let client = host.session(revision).await;
        assert_eq!(client.call(1, "poll_me", json!({})).await.tool_text().await, "closed false");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_id_that_was_not_read_is_refused() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let stranger = host.session("2025-11-25").await;
    let mut answer = client.call(1, "count", json!({"to": 2})).await;
    let id = answer.event().await.unwrap().id.unwrap();
    let (stream, _) = id.split_once('-').unwrap();
    assert_eq!(stranger.resume(&id).await.status, StatusCode::BAD_REQUEST, "of another session");
    let beyond = [format!("{stream}-3"), format!("{stream}-{}", u64::MAX)];
    let mut forged = vec![
        "0".into(),
        "abc".into(),
        "1-1".into(),
        format!("{stream}-"),
        "0000000000000000-0".into(),
    ];
    forged.extend(beyond);
    forged.extend(
        (0..64).map(|bit| {
            format!("{:016x}-0", u64::from_str_radix(stream, 16).unwrap() ^ 1_u64 << bit)
        }),
    );
    for over in [false, true] {
        for id in &forged {
            let answer = client.resume(id).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{id} when over: {over}");
            assert!(
                answer.json().await["error"]["message"].as_str().unwrap().contains("Last-Event-ID")
            );
        }
        assert_eq!(client.resume(&id).await.status, StatusCode::OK);
        tokio::time::sleep(Duration::from_secs(10)).await;
        // The numbers beyond the end then are 3, the answer, and none behind it.
        forged[5] = format!("{stream}-4");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_kept_is_a_clear_error() {
    let limits = {
        let mut limits = EventStoreLimits::default();
        limits.max_stream_events = 2;
        limits
    };
    let options = HttpOptions::new().event_store(MemoryEventStore::new(limits));
    let host = Host::with(options, Limits::new());
    let client = host.session("2025-11-25").await;
    let mut answer = client.call(1, "count", json!({"to": 5})).await;
    let id = answer.event().await.unwrap().id.unwrap();
    drop(answer);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let answer = client.resume(&id).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text().await.contains("no longer kept"));
}

#[tokio::test(start_paused = true)]
async fn without_a_store_there_are_no_event_ids() {
    let host = Host::with(HttpOptions::new().no_event_store(), Limits::new());
    let client = host.session("2025-11-25").await;
    let mut answer = client.call(1, "count", json!({"to": 1})).await;
    assert_eq!(answer.event().await.unwrap().id, None);
    assert_eq!(client.resume("0000000000000001-0").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(client.call(1, "poll_me", json!({})).await.tool_text().await, "closed false");
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_for_a_client_that_was_cut_off() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut answer = client.call(1, "ask", json!({"question": "name?"})).await;
    let priming = answer.event().await.unwrap().id.unwrap();
    drop(answer);
    settle().await;
    let mut rest = client.resume(&priming).await;
    let (_, question) = rest.message().await.unwrap();
    let result = json!({"action": "accept", "content": {"name": "Ann"}});
    client.post(json!({"jsonrpc": "2.0", "id": question["id"], "result": result})).await;
    assert_eq!(text_of(result_of(&rest.message().await.unwrap().1)), "name \"Ann\"");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_was_replaced_does_not_take_the_wakeups_of_its_successor() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut stalled = client.call(1, "count", json!({"to": 3})).await;
    let id = stalled.event().await.unwrap().id.unwrap();
    stalled.message().await.unwrap();
    let mut alive = client.resume(&id).await;
    alive.message().await.unwrap();
    let began = tokio::time::Instant::now();
    let next = tokio::spawn(async move { alive.message().await.unwrap() });
    settle().await;
    // The new reader waits; only now the connection of the old one can be written to again.
    assert_eq!(stalled.message().await, None);
    assert_eq!(next.await.unwrap().1["params"]["data"], 2);
    assert!(began.elapsed() <= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_any_length_can_be_resumed() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut answer = client.call(1, "large", json!({"kib": 3 << 10})).await;
    let (id, _) = answer.message().await.unwrap();
    drop(answer);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let messages = client.resume(&id).await.messages().await;
    assert_eq!(text_of(result_of(&messages[0])).len(), 3 << 20);
}

/// A store that never answers once it has stalled.
#[derive(Default)]
struct Stalling {
    inner: MemoryEventStore,
    has_stalled: Arc<AtomicBool>,
}

#[async_trait::async_trait]
impl EventStore for Stalling {
    async fn append(&self, stream: StreamKey, event: StoredEvent) -> Result<(), ReplayError> {
        if self.has_stalled.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        self.inner.append(stream, event).await
    }

    async fn after(&self, stream: StreamKey, after: u64) -> Result<Vec<StoredEvent>, ReplayError> {
        self.inner.after(stream, after).await
    }

    async fn keep(&self, stream: StreamKey) {
        self.inner.keep(stream).await;
    }

    async fn forget(&self, session: SessionKey) {
        self.inner.forget(session).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stalls_delays_a_stream_and_leaves_no_silent_gap() {
    let mut limits = Limits::new();
    limits.http.store_timeout = Duration::from_secs(2);
    let store = Stalling::default();
    let has_stalled = Arc::clone(&store.has_stalled);
    let host = Host::with(HttpOptions::new().event_store(store), limits);
    let client = host.session("2025-11-25").await;
    let mut answer = client.call(1, "count", json!({"to": 3})).await;
    let (first, _) = answer.message().await.unwrap();
    has_stalled.store(true, Ordering::SeqCst);
    let (second, message) = answer.message().await.unwrap();
    assert_eq!(message["params"]["data"], 2, "it is sent without being kept");
    has_stalled.store(false, Ordering::SeqCst);
    drop(answer);
    let refused = client.resume(&first).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "the second event is missing");
    assert!(refused.text().await.contains("without a gap"));
    assert_eq!(numbers(&client.resume(&second).await.messages().await), [3]);
}
