//! GET: the stream of what belongs to no call, and the rest of a stream that was cut off.
//! Spec: basic/transports (2025-03-26 … 2025-11-25), Listening for Messages from the Server, Resumability.

use std::sync::Arc;

use bytes::BytesMut;
use http::StatusCode;
use http::request::Parts;
use mcp_core::http::names::LAST_EVENT_ID;
use mcp_core::jsonrpc::write_notification;

use super::Response;
use super::event_store::{EventId, ReplayError, StreamKey};
use super::events::Events;
use super::legacy::{Accepts, refuse};
use super::service::Shared;
use super::session::{Busy, Entry};
use super::status;
use super::stream::{EventStream, Kept, Reader};

/// A GET, its headers checked.
pub(super) async fn get(shared: &Arc<Shared>, parts: &Parts) -> Response {
    if shared.options.stateless {
        return status::method_not_allowed(false);
    }
    if !Accepts::read(parts).events {
        return refuse(
            StatusCode::NOT_ACCEPTABLE,
            "a stream of events is what there is: accept it",
        );
    }
    let entry = match shared.legacy.session(shared, parts) {
        Ok(entry) => entry,
        Err(refused) => return *refused,
    };
    let last = parts.headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty());
    let opened = match last {
        None => open(shared, &entry),
        Some(id) => match id.to_str().ok().and_then(EventId::parse) {
            Some(id) => resume(shared, &entry, id).await,
            None => Err(unknown_event()),
        },
    };
    opened.map_or_else(|refused| *refused, Events::into_response)
}

/// Opens the standalone stream. It has one reader at a time, and a second one never takes its place (T47).
fn open(shared: &Arc<Shared>, entry: &Arc<Entry>) -> Result<Events, Box<Response>> {
    let stream = entry.open_standalone(|| shared.legacy.new_stream(entry)).ok_or_else(gone)?;
    let mut reader = stream
        .attach()
        .ok_or_else(|| refuse(StatusCode::CONFLICT, "the session's stream is read already"))?;
    if entry.revision().rules().polling {
        reader = reader.primed(shared.legacy.limits.retry);
    }
    Ok(standalone(shared, entry, stream, reader))
}

/// Goes on behind an event, on the stream that it was sent on.
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
        return Ok(Events::new(reader, Entry::busy(entry), shared.legacy.limits.keep_alive));
    }
    // The call is over; what it said may still be there.
    let store = shared.legacy.sessions.store.as_ref().ok_or_else(unknown_event)?;
    let kept = Kept { key: StreamKey::new(entry.id(), id.stream), store: Arc::clone(store) };
    let events = store.after(kept.key, id.sequence).await.map_err(lost)?;
    let reader = EventStream::rest(kept, events, &shared.legacy.limits).ok_or_else(gone)?;
    Ok(Events::new(reader, Entry::busy(entry), shared.legacy.limits.keep_alive))
}

/// The standalone stream is filled with changes by whoever reads it, so that one which nobody reads costs
/// nothing: changes wait as a set until then.
fn standalone(
    shared: &Shared,
    entry: &Arc<Entry>,
    stream: Arc<EventStream>,
    reader: Reader,
) -> Events {
    let busy: Busy = Entry::busy(entry);
    let events = Events::new(reader, busy, shared.legacy.limits.keep_alive);
    let Some(session) = entry.connection.session() else { return events };
    let listener = session.listener.clone();
    let drained = entry.connection.drained();
    events.fed_by(Box::pin(async move {
        let mut drained = std::pin::pin!(drained);
        loop {
            let text = tokio::select! {
                biased; // What is left is told before the end.
                change = listener.next() => {
                    let note = change.into_notification(None);
                    let mut text = BytesMut::new();
                    write_notification(&mut text, &note.method, note.params.as_bytes());
                    text.freeze()
                }
                () = &mut drained => break,
            };
            // In a box, since a stream waits for far longer than it tells, and keeps room for what it does not do.
            if Box::pin(stream.publish(text)).await.is_err() {
                return;
            }
        }
        stream.end(); // The server is shutting down.
    }))
}

fn unknown_event() -> Box<Response> {
    Box::new(refuse(StatusCode::BAD_REQUEST, "Last-Event-ID is of no stream of this session"))
}

fn gone() -> Box<Response> {
    Box::new(refuse(StatusCode::NOT_FOUND, "the session has ended"))
}

fn lost(error: ReplayError) -> Box<Response> {
    Box::new(match error {
        ReplayError::Unknown => return unknown_event(),
        ReplayError::Gap => refuse(
            StatusCode::BAD_REQUEST,
            "events behind Last-Event-ID are no longer kept, so the stream cannot be resumed without a gap",
        ),
        ReplayError::Store(reason) => {
            let error = crate::error::internal("reading the event store", &reason);
            status::error(StatusCode::INTERNAL_SERVER_ERROR, None, &error)
        }
    })
}
