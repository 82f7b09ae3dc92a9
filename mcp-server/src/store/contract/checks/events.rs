//! Events of streams.

use bytes::Bytes;

use super::support::{RACERS, handle, open_two, race};
use crate::store::contract::fixture::StoreFixture;
use crate::store::event::{EventStore, ReplayError, StoredEvent, StreamKey};
use crate::store::session::SessionKey;

fn key(session: u8, stream: u64) -> StreamKey {
    StreamKey::new(SessionKey::new([session; 32]), stream)
}

async fn append(store: &impl EventStore, stream: StreamKey, sequence: u64, data: impl Into<Bytes>) {
    let appended = store.append(stream, StoredEvent::new(sequence, data.into())).await;
    appended.expect("the event is kept");
}

/// Appends small events with consecutive numbers.
async fn fill(store: &impl EventStore, stream: StreamKey, numbers: impl Iterator<Item = u64>) {
    for sequence in numbers {
        append(store, stream, sequence, format!("event {sequence}")).await;
    }
}

async fn numbers(
    store: &impl EventStore,
    stream: StreamKey,
    sequence: u64,
) -> Result<Vec<u64>, ReplayError> {
    let events = store.after(stream, sequence).await?;
    Ok(events.into_iter().map(|event| event.sequence).collect())
}

/// Checks that a stream whose last event is `last` has all events after `sequence`, or reports that
/// some are gone. Returns whether it has them.
async fn is_whole(store: &impl EventStore, stream: StreamKey, sequence: u64, last: u64) -> bool {
    match numbers(store, stream, sequence).await {
        Ok(events) => {
            let expected = sequence + 1..=last;
            assert!(
                events.iter().copied().eq(expected),
                "the events after {sequence} of {last} are {events:?}, without an error"
            );
            true
        }
        Err(ReplayError::Gap | ReplayError::Unknown) => false,
        Err(error) => panic!("{error}"),
    }
}

/// Another handle replays a stream from its beginning, its middle and its end, in its order.
pub async fn a_stream_is_replayed_from_any_of_its_events<F: StoreFixture<Store: EventStore>>(
    fixture: &F,
) {
    let [store, second] = open_two(fixture).await;
    let stream = key(1, 1);
    for last in 1..=20 {
        // Each instance may continue a stream.
        let writer = if last % 3 == 0 { &second } else { &store };
        append(&**writer, stream, last, format!("event {last}")).await;
        for reader in [&store, &second] {
            for after in 0..=last {
                let events = reader.after(stream, after).await.expect("the events are kept");
                let expected: Vec<_> = (after + 1..=last)
                    .map(|number| StoredEvent::new(number, format!("event {number}").into()))
                    .collect();
                assert_eq!(events, expected, "after {after} of {last}");
            }
        }
    }
    store.sweep().await;
    assert_eq!(numbers(&*second, stream, 17).await, Ok(vec![18, 19, 20]));
}

/// A number behind the last event is unknown, and so is a stream without events.
pub async fn an_unknown_event_or_stream_is_refused<F: StoreFixture<Store: EventStore>>(
    fixture: &F,
) {
    let [store, second] = open_two(fixture).await;
    fill(&*store, key(1, 1), 1..=3).await;
    for after in [4, 1 << 53, u64::MAX] {
        assert_eq!(numbers(&*second, key(1, 1), after).await, Err(ReplayError::Unknown), "{after}");
    }
    for stream in [key(1, 2), key(2, 1), key(2, u64::MAX)] {
        for after in [0, 1, u64::MAX] {
            let replayed = numbers(&*second, stream, after).await;
            assert_eq!(replayed, Err(ReplayError::Unknown), "{stream:?} after {after}");
        }
    }
}

/// Numbers that were left out are not missing.
pub async fn numbers_may_be_left_out<F: StoreFixture<Store: EventStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    fill(&*store, key(1, 1), [1, 4, 5, 9].into_iter()).await;
    let expected: [(u64, &[u64]); 8] = [
        (0, &[1, 4, 5, 9]),
        (1, &[4, 5, 9]),
        (2, &[4, 5, 9]),
        (3, &[4, 5, 9]),
        (4, &[5, 9]),
        (5, &[9]),
        (8, &[9]),
        (9, &[]),
    ];
    for (after, rest) in expected {
        assert_eq!(numbers(&*second, key(1, 1), after).await, Ok(rest.to_vec()), "{after}");
    }
    assert_eq!(numbers(&*second, key(1, 1), 10).await, Err(ReplayError::Unknown));
}

/// All numbers of 64 bits are exact.
pub async fn numbers_of_any_size_keep_their_order<F: StoreFixture<Store: EventStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let exact = 1 << 53;
    let all = [1, 9, 10, exact, exact + 1, exact + 3, u64::MAX - 1, u64::MAX];
    for stream in [key(1, 0), key(1, u64::MAX)] {
        fill(&*store, stream, all.into_iter()).await;
        for (index, after) in all.into_iter().enumerate() {
            let rest = numbers(&*second, stream, after).await;
            assert_eq!(rest.as_deref(), Ok(&all[index + 1..]), "after {after}");
        }
        assert_eq!(numbers(&*second, stream, exact + 2).await.as_deref(), Ok(&all[5..]));
    }
    fill(&*store, key(2, 1), [1, exact].into_iter()).await;
    let unknown = numbers(&*second, key(2, 1), exact + 1).await;
    assert_eq!(unknown, Err(ReplayError::Unknown), "the number after the last one");
    fill(&*store, key(2, 2), exact + 2..exact + 4).await;
    let gap = numbers(&*second, key(2, 2), exact).await;
    assert_eq!(gap, Err(ReplayError::Gap), "two numbers before the first one");
    assert_eq!(numbers(&*second, key(2, 2), exact + 1).await, Ok(vec![exact + 2, exact + 3]));
}

/// Streams of one session, and streams with one number of several sessions, share nothing.
pub async fn streams_are_independent<F: StoreFixture<Store: EventStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let streams = [key(1, 1), key(1, 2), key(1, 11), key(2, 1), key(2, 11)];
    for sequence in 1..=5 {
        for (number, stream) in streams.into_iter().enumerate() {
            let writer = if number % 2 == 0 { &store } else { &second };
            append(&**writer, stream, sequence, format!("{number} {sequence}")).await;
        }
    }
    for (number, stream) in streams.into_iter().enumerate() {
        let events = store.after(stream, 2).await.expect("the events are kept");
        let expected = (3..=5)
            .map(|sequence| StoredEvent::new(sequence, format!("{number} {sequence}").into()));
        assert!(events.iter().cloned().eq(expected), "{stream:?} has {events:?}");
    }
}

/// A stream that is kept for longer has the events that it had, and none is created.
pub async fn a_stream_that_is_kept_for_longer_does_not_change<
    F: StoreFixture<Store: EventStore>,
>(
    fixture: &F,
) {
    let [store, second] = open_two(fixture).await;
    fill(&*store, key(1, 1), 1..=3).await;
    for stream in [key(1, 1), key(1, 2), key(2, 1)] {
        second.keep(stream).await;
    }
    assert_eq!(numbers(&*store, key(1, 1), 0).await, Ok(vec![1, 2, 3]));
    fill(&*store, key(1, 1), 4..=4).await;
    assert_eq!(numbers(&*second, key(1, 1), 2).await, Ok(vec![3, 4]));
    for stream in [key(1, 2), key(2, 1)] {
        assert_eq!(numbers(&*store, stream, 0).await, Err(ReplayError::Unknown));
    }
}

/// What a session has sent is forgotten with it, and nothing of other sessions.
pub async fn a_forgotten_session_has_no_streams<F: StoreFixture<Store: EventStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    for session in 1..=3 {
        for stream in [1, 2, 30] {
            fill(&*store, key(session, stream), 1..=3).await;
        }
    }
    second.forget(SessionKey::new([2; 32])).await;
    second.forget(SessionKey::new([9; 32])).await;
    for session in 1..=3 {
        for stream in [1, 2, 30] {
            let replayed = numbers(&*store, key(session, stream), 1).await;
            let expected = if session == 2 { Err(ReplayError::Unknown) } else { Ok(vec![2, 3]) };
            assert_eq!(replayed, expected, "stream {stream} of session {session}");
        }
    }
    // Nothing of it is left.
    fill(&*store, key(2, 1), 1..=1).await;
    assert_eq!(numbers(&*second, key(2, 1), 0).await, Ok(vec![1]));
    assert_eq!(numbers(&*second, key(2, 2), 0).await, Err(ReplayError::Unknown));
}

/// Data may be empty or any bytes.
pub async fn data_of_any_kind_survives<F: StoreFixture<Store: EventStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    let all: Bytes = (0..=255).collect();
    let kinds = [Bytes::new(), all, Bytes::from_static(b"\r\n"), Bytes::from_static(b"12")];
    for (sequence, data) in (1..).zip(&kinds) {
        append(&*store, key(1, 1), sequence, data.clone()).await;
    }
    let events = second.after(key(1, 1), 0).await.expect("the events are kept");
    let data: Vec<_> = events.into_iter().map(|event| event.data).collect();
    assert_eq!(data, kinds);
}

/// An event may have a mebibyte. If a stream cannot keep several of them, that is a gap.
pub async fn events_of_a_mebibyte_survive<F: StoreFixture<Store: EventStore>>(fixture: &F) {
    let [store, second] = open_two(fixture).await;
    for sequence in 1..=3 {
        let mut data = vec![b'x'; 1 << 20];
        data[7] = u8::try_from(sequence).unwrap_or(0);
        append(&*store, key(1, 1), sequence, data.clone()).await;
        let events = second.after(key(1, 1), sequence - 1).await.expect("the last event is kept");
        let [event] = &events[..] else { panic!("{} events", events.len()) };
        assert!(event.sequence == sequence && event.data == data, "another event");
        is_whole(&*second, key(1, 1), 0, sequence).await;
    }
}

/// The last event of a stream may be an answer, so it is kept whatever its length.
pub async fn the_last_event_is_kept_whatever_its_length<F: StoreFixture<Store: EventStore>>(
    fixture: &F,
) {
    let [store, second] = open_two(fixture).await;
    fill(&*store, key(1, 1), 1..=5).await;
    let data = Bytes::from(vec![b'y'; (5 << 20) + 1]);
    append(&*store, key(1, 1), 6, data.clone()).await;
    let events = second.after(key(1, 1), 5).await.expect("the last event is kept");
    let [event] = &events[..] else { panic!("{} events", events.len()) };
    assert!(event.sequence == 6 && event.data == data, "another event");
    assert_eq!(numbers(&*second, key(1, 1), 6).await, Ok(vec![]));
    // The next one is the last one then.
    append(&*second, key(1, 1), 7, "next").await;
    assert_eq!(numbers(&*store, key(1, 1), 6).await, Ok(vec![7]));
    is_whole(&*store, key(1, 1), 5, 7).await;
    is_whole(&*store, key(1, 1), 0, 7).await;
}

/// A stream may drop its oldest events, and a session its oldest streams, but not silently. A
/// reader that has what was dropped reads on.
pub async fn what_is_dropped_is_never_missing_silently<F: StoreFixture<Store: EventStore>>(
    fixture: &F,
) {
    let [store, second] = open_two(fixture).await;
    let (stream, last) = (key(1, 1), 2_500);
    fill(&*store, stream, 1..=last).await;
    let mut kept = 0;
    let mut was_whole = false;
    for after in (0..=last).step_by(50) {
        let is_whole = is_whole(&*second, stream, after, last).await;
        assert!(is_whole || !was_whole, "what follows {after} is gone, and not what precedes it");
        was_whole = is_whole;
        kept += u64::from(is_whole);
    }
    assert!(kept > 0, "nothing is kept");
    assert_eq!(numbers(&*second, stream, last - 1).await, Ok(vec![last]));

    // Large events.
    let stream = key(1, 2);
    for sequence in 1..=40 {
        append(&*store, stream, sequence, vec![b'z'; 100_000]).await;
        is_whole(&*second, stream, 0, sequence).await;
        is_whole(&*second, stream, sequence.saturating_sub(5), sequence).await;
        assert_eq!(numbers(&*second, stream, sequence - 1).await, Ok(vec![sequence]));
    }
}

/// The first number is 1, so a stream that begins later has lost its beginning.
pub async fn a_stream_without_its_beginning_has_a_gap<F: StoreFixture<Store: EventStore>>(
    fixture: &F,
) {
    let [store, second] = open_two(fixture).await;
    fill(&*store, key(1, 1), 3..=5).await;
    for after in [0, 1] {
        assert_eq!(numbers(&*second, key(1, 1), after).await, Err(ReplayError::Gap), "{after}");
    }
    assert_eq!(numbers(&*second, key(1, 1), 2).await, Ok(vec![3, 4, 5]));
}

/// A stream that was dropped for those of the same session, and then continues, does not look as if
/// it began.
pub async fn a_stream_that_was_dropped_and_continues_has_a_gap<F>(fixture: &F)
where
    F: StoreFixture<Store: EventStore>,
{
    let [store, second] = open_two(fixture).await;
    fill(&*store, key(1, 0), 1..=5).await;
    for stream in 1..=200 {
        fill(&*second, key(1, stream), 1..=1).await;
    }
    append(&*store, key(1, 0), 6, "event 6").await;
    for after in 0..5 {
        is_whole(&*second, key(1, 0), after, 6).await;
    }
    assert_eq!(numbers(&*second, key(1, 0), 5).await, Ok(vec![6]));
    assert_eq!(numbers(&*second, key(1, 200), 0).await, Ok(vec![1]), "the streams continue");

    // After its session was forgotten.
    store.forget(SessionKey::new([1; 32])).await;
    append(&*store, key(1, 0), 7, "event 7").await;
    for after in 0..=5 {
        assert_eq!(numbers(&*second, key(1, 0), after).await, Err(ReplayError::Gap), "{after}");
    }
    assert_eq!(numbers(&*second, key(1, 0), 6).await, Ok(vec![7]));
}

/// Streams that are written at the same time keep everything.
pub async fn racing_streams_lose_nothing<F: StoreFixture<Store: EventStore>>(fixture: &F) {
    let handles = open_two(fixture).await;
    let stream = |number: u64| {
        let session = u8::try_from(number % 8).unwrap_or(0);
        key(session, number)
    };
    race(|number| {
        let store = handle(&handles, number);
        async move { fill(&*store, stream(number), 1..=20).await }
    })
    .await;
    for number in 0..RACERS {
        let expected: Vec<_> = (11..=20).collect();
        assert_eq!(numbers(&*handles[0], stream(number), 10).await, Ok(expected), "{number}");
    }
}
