//! GET: the stream of what belongs to no call, and the rest of a stream that was cut off. Spec:
//! basic/transports (2025-03-26 … 2025-11-25), Listening for Messages from the Server,
//! Resumability.

use std::sync::Arc;

use bytes::BytesMut;
use http::StatusCode;
use mcp_core::http::names::LAST_EVENT_ID;
use mcp_core::jsonrpc::write_notification;

use super::event_id::EventId;
use super::events::Events;
use super::lookup;
use super::session::Entry;
use super::stream::{EventStream, Kept, Reader};
use crate::http::request::Head;
use crate::http::response::body::Response;
use crate::http::response::status;
use crate::http::shared::Shared;
use crate::store::{ReplayError, StreamKey};

/// A GET, its headers checked.
pub(in crate::http) async fn get(shared: &Arc<Shared>, head: &Head<'_>) -> Response {
    if shared.options.stateless {
        return status::method_not_allowed(false);
    }
    if !head.accepts().events {
        let reason = "GET returns text/event-stream; include it in Accept";
        return status::refused(StatusCode::NOT_ACCEPTABLE, None, reason);
    }
    let entry = match lookup::session(shared, head, None) {
        Ok(entry) => entry,
        Err(refused) => return *refused,
    };
    let last = head.headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty());
    let opened = match last {
        None => open(shared, &entry),
        Some(id) => match id.to_str().ok().and_then(EventId::parse) {
            Some(id) => resume(shared, &entry, id).await,
            None => Err(unknown_event()),
        },
    };
    opened.map_or_else(|refused| *refused, Events::into_response)
}

/// Opens the standalone stream. It has one reader at a time, the latest: a connection whose client
/// is gone cannot be told from one that is quiet, and must not keep that client out.
fn open(shared: &Arc<Shared>, entry: &Arc<Entry>) -> Result<Events, Box<Response>> {
    let stream = entry.open_standalone(|| shared.legacy.new_stream(entry)).ok_or_else(gone)?;
    let mut reader = stream.take_over();
    if entry.revision().rules().stream_polling {
        reader = reader.primed(shared.legacy.limits.stream_retry_delay);
    }
    Ok(standalone(shared, entry, stream, reader))
}

/// Resumes the stream that an event was sent on, behind that event.
async fn resume(
    shared: &Arc<Shared>,
    entry: &Arc<Entry>,
    id: EventId,
) -> Result<Events, Box<Response>> {
    if let Some(stream) = entry.stream(id.stream) {
        let reader = stream.resume(id.sequence).await.map_err(lost)?;
        if entry.standalone().is_some_and(|standalone| standalone.id() == Some(id.stream)) {
            return Ok(standalone(shared, entry, stream, reader));
        }
        return Ok(Events::new(
            reader,
            Entry::busy(entry),
            shared.legacy.limits.keep_alive_interval,
        ));
    }
    // The call is over; its events may still be kept.
    let store = shared.legacy.sessions.store.as_ref().ok_or_else(unknown_event)?;
    let key = StreamKey::new(entry.id().key(), id.stream);
    let kept = Kept::new(key, store, &shared.legacy.limits);
    let events = kept.after(id.sequence).await.map_err(lost)?;
    let reader = EventStream::rest(kept, events, &shared.legacy.limits).ok_or_else(gone)?;
    Ok(Events::new(reader, Entry::busy(entry), shared.legacy.limits.keep_alive_interval))
}

/// The response body of the standalone stream publishes the changes itself, so that a stream
/// without a reader costs nothing: changes wait as a set until then.
fn standalone(
    shared: &Shared,
    entry: &Arc<Entry>,
    stream: Arc<EventStream>,
    reader: Reader,
) -> Events {
    let events = Events::new(reader, Entry::busy(entry), shared.legacy.limits.keep_alive_interval);
    let Some(session) = entry.connection.session() else { return events };
    let listener = session.listener().clone();
    let drained = entry.connection.drained();
    events.fed_by(Box::pin(async move {
        let mut drained = std::pin::pin!(drained);
        loop {
            let text = tokio::select! {
                biased; // Pending changes are sent before the end.
                change = listener.next() => {
                    let note = change.into_notification(None);
                    let mut text = BytesMut::new();
                    write_notification(&mut text, &note.method, note.params.as_bytes());
                    text.freeze()
                }
                () = &mut drained => break,
            };
            // Boxed: the stream mostly waits, and should not hold the memory of this future.
            if Box::pin(stream.publish(text)).await.is_err() {
                return;
            }
        }
        stream.end(); // The server is shutting down.
    }))
}

fn refuse(status: StatusCode, reason: &str) -> Box<Response> {
    Box::new(status::refused(status, None, reason))
}

fn unknown_event() -> Box<Response> {
    refuse(StatusCode::BAD_REQUEST, "Last-Event-ID is not of a stream of this session")
}

fn gone() -> Box<Response> {
    refuse(StatusCode::NOT_FOUND, "the session has ended")
}

fn lost(error: ReplayError) -> Box<Response> {
    match error {
        ReplayError::Unknown => unknown_event(),
        ReplayError::Gap => refuse(
            StatusCode::BAD_REQUEST,
            "events after Last-Event-ID are no longer kept, so the stream cannot be resumed without a gap",
        ),
        ReplayError::Store(reason) => {
            let error = crate::error::internal("reading the event store", &reason);
            Box::new(status::error(StatusCode::INTERNAL_SERVER_ERROR, None, &error))
        }
    }
}
