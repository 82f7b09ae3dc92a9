//! `codec::sse`: the events do not depend on how the stream is split, respect the limit, and are
//! read back after they were written.

use bytes::BytesMut;
use mcp_core::codec::sse::{Event, EventDecoder, EventTooLong, write_event};

use super::stream::{splits, take_limit};

pub(crate) fn run(data: &[u8]) {
    let Some((limit, stream)) = take_limit(data) else { return };
    let limit = limit.max(4); // A lower one could not tell a byte order mark from a long line.
    let mut expected = None;
    for chunks in splits(stream) {
        let decoded = decode(limit, &chunks);
        for event in &decoded.0 {
            assert!(event.data.len() <= limit, "data over the limit of {limit} bytes: {event:?}");
            let fields = [&event.name, &event.id].into_iter().flatten();
            assert!(fields.clone().all(|field| field.len() <= limit), "{limit}: {event:?}");
        }
        let expected = expected.get_or_insert_with(|| decoded.clone());
        assert_eq!(&decoded, expected, "limit {limit}, {} chunks", chunks.len());
    }
    for event in expected.map(|(events, _)| events).unwrap_or_default() {
        round_trip(&event);
    }
    round_trip(&Event { data: stream.to_vec().into(), ..Event::default() });
}

fn decode(limit: usize, chunks: &[&[u8]]) -> (Vec<Event>, Option<EventTooLong>) {
    let mut decoder = EventDecoder::new(limit);
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.push(chunk);
        loop {
            match decoder.next_event() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => return (events, Some(error)),
            }
        }
    }
    (events, None)
}

/// Whatever an event contains, exactly one event is read back.
fn round_trip(event: &Event) {
    let mut out = BytesMut::new();
    write_event(&mut out, event.name.as_deref(), event.id.as_deref(), &event.data);
    let (events, error) = decode(usize::MAX, &[&out]);
    assert_eq!(error, None);
    let [read] = &events[..] else { panic!("{} events from {event:?}", events.len()) };
    let normalized = String::from_utf8_lossy(&event.data).replace("\r\n", "\n").replace('\r', "\n");
    assert_eq!(String::from_utf8_lossy(&read.data), normalized);
    let first_line = |text: &Option<String>| {
        text.as_ref().map(|text| text.split(['\r', '\n', '\0']).next().unwrap_or("").to_owned())
    };
    assert_eq!((&read.name, &read.id), (&first_line(&event.name), &first_line(&event.id)));
}
