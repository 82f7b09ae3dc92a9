//! GET: the stream of what belongs to no call, and the rest of a stream that was cut off. Spec:
//! basic/transports (2025-03-26 … 2025-11-25), Listening for Messages from the Server,
//! Resumability.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use http::StatusCode;
use mcp_core::http::names::LAST_EVENT_ID;
use mcp_core::jsonrpc::write_notification;

use super::event_id::EventId;
use super::events::Events;
use super::follow::follow;
use super::kept::{Kept, Replay};
use super::lookup;
use super::session::Entry;
use super::stream::{EventStream, Reader};
use crate::fleet::SharedSession;
use crate::http::admission::Full;
use crate::http::request::Head;
use crate::http::response::body::Response;
use crate::http::response::status;
use crate::http::shared::Shared;
use crate::store::ReplayError;
use crate::subscription::{Change, Listener};

/// A session resumes as many streams of other instances as it may.
const FOLLOWED_FULL: Full = Full::Principal("max_detached_calls_per_session");

/// How much older than "unread" changes may be that are sent again. Fixed: messages between
/// instances take no longer.
const UNREAD_MARGIN: Duration = Duration::from_secs(5);

/// A GET, its headers checked.
pub(in crate::http) async fn get(shared: &Arc<Shared>, head: &Head<'_>) -> Response {
    if shared.options.stateless {
        return status::method_not_allowed(false);
    }
    if !head.accepts().events {
        let reason = "GET returns text/event-stream; include it in Accept";
        return status::refused(StatusCode::NOT_ACCEPTABLE, None, reason);
    }
    let entry = match lookup::session(shared, head, None).await {
        Ok(entry) => entry,
        Err(refused) => return *refused,
    };
    let last = head.headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty());
    let opened = match last {
        None => open(shared, &entry, Missed::Nothing).await,
        Some(id) => match id.to_str().ok().and_then(EventId::parse) {
            Some(id) => resume(shared, &entry, id).await,
            None => Err(unknown_event()),
        },
    };
    let opened = opened.map(|events| events.until_expiry(head.principal()));
    opened.map_or_else(|refused| *refused, Events::into_response)
}

/// What a client has not seen of the stream that it read before.
enum Missed {
    /// It has not read any, or another one is to begin.
    Nothing,
    /// These events.
    Events(Kept, Replay),
    /// Something, which is not kept any more.
    Something,
}

/// Opens the standalone stream. It has one reader at a time, the latest: a connection whose client
/// is gone cannot be told from one that is quiet, and must not keep that client out.
async fn open(
    shared: &Arc<Shared>,
    entry: &Arc<Entry>,
    missed: Missed,
) -> Result<Events, Box<Response>> {
    let is_new_here = !entry.is_being_read();
    if let Some(part) = entry.shared().filter(|_| is_new_here) {
        take_over(part, entry).await?;
    }
    let stream = entry.open_standalone(|| shared.legacy.new_standalone(entry)).ok_or_else(gone)?;
    stream.begin().await;
    let mut reader = stream.take_over();
    match missed {
        Missed::Nothing => {}
        Missed::Events(kept, replay) => reader = reader.preceded_by(&kept, &replay.events),
        Missed::Something => {
            let session = entry.connection.session();
            session.into_iter().for_each(|session| session.listener().record(&Change::All));
        }
    }
    if entry.revision().rules().stream_polling {
        reader = reader.primed(shared.legacy.limits.stream_retry_delay);
    }
    let events = standalone(shared, entry, stream, reader);
    // Last: until then, a reader at another instance is the latest.
    if let Some(part) = entry.shared().filter(|_| is_new_here) {
        part.begin_reading().await;
    }
    Ok(events)
}

/// Collects what this instance, which notifies the client from now on, has to tell it. Another one
/// did before, or the session has just been restored. Changes since the client last read are sent
/// again rather than lost.
async fn take_over(part: &SharedSession, entry: &Entry) -> Result<(), Box<Response>> {
    let fleet = part.fleet();
    if !fleet.keeps_sessions() {
        return Ok(());
    }
    let record = fleet.load_session(part.key()).await;
    let record = record.map_err(|error| Box::new(status::unavailable(None, &error)))?;
    let Some((_, _, unread)) = record else { return Err(gone()) };
    let Some(session) = entry.connection.session() else { return Ok(()) };
    let (listener, age) = (session.listener(), unread.saturating_add(UNREAD_MARGIN));
    if fleet.recent_changes(age).is_some() {
        // A change that arrives meanwhile is recent, or comes after.
        listener.clear();
        let changes = fleet.recent_changes(age).unwrap_or_else(|| vec![Change::All]);
        changes.iter().for_each(|change| listener.record(change));
    } else if entry.age() < unread {
        listener.record(&Change::All);
    } // Else it has been here for so long that it has collected all of them itself.
    Ok(())
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
        return Ok(events(shared, entry, reader));
    }
    let kept = shared.legacy.kept(entry, id.stream).ok_or_else(unknown_event)?;
    let kept = kept.written_by(id.instance).standalone(id.is_standalone);
    let replay = kept.after(id.sequence).await;
    if id.is_standalone {
        // Another instance wrote it, or this one before the stream was closed here. The client
        // continues with the present one.
        let missed = match replay {
            Ok(replay) => Missed::Events(kept, replay),
            Err(ReplayError::Unknown | ReplayError::Gap) => Missed::Something,
            Err(error) => return Err(lost(error)),
        };
        return open(shared, entry, missed).await;
    }
    let replay = replay.map_err(lost)?;
    let elsewhere = shared.server.fleet.as_ref().zip(id.instance);
    if let Some((fleet, writer)) = elsewhere.filter(|(fleet, writer)| *writer != fleet.id) {
        let limits = &shared.legacy.limits;
        let following = Entry::follow(entry, limits.max_detached_calls_per_session);
        let following =
            following.ok_or_else(|| Box::new(status::full(status::LEGACY, FOLLOWED_FULL, None)))?;
        let (reader, feed) = follow(kept, replay, writer, fleet, limits).ok_or_else(gone)?;
        let feed = async move {
            feed.await;
            drop(following);
        };
        return Ok(events(shared, entry, reader).fed_by(Box::pin(feed)));
    }
    // The call is over; its events are kept.
    let reader = EventStream::rest(kept, replay.events, &shared.legacy.limits).ok_or_else(gone)?;
    Ok(events(shared, entry, reader))
}

fn events(shared: &Shared, entry: &Arc<Entry>, reader: Reader) -> Events {
    Events::new(reader, Entry::busy(entry), shared.legacy.limits.keep_alive_interval)
}

/// The response body of the standalone stream publishes the changes itself, so that a stream
/// without a reader costs nothing: changes wait as a set until then.
fn standalone(
    shared: &Shared,
    entry: &Arc<Entry>,
    stream: Arc<EventStream>,
    reader: Reader,
) -> Events {
    let events = events(shared, entry, reader);
    let Some(session) = entry.connection.session() else { return events };
    let listener = session.listener().clone();
    let drained = entry.connection.drained();
    events.fed_by(Box::pin(async move {
        let mut drained = std::pin::pin!(drained);
        loop {
            let change = tokio::select! {
                biased; // Pending changes are sent before the end.
                change = listener.next() => change,
                () = &mut drained => break,
            };
            let mut unsent = Unsent { listener: &listener, change: Some(change.clone()) };
            let note = change.into_notification(None);
            let mut text = BytesMut::new();
            write_notification(&mut text, &note.method, note.params.as_bytes());
            // Boxed: the stream mostly waits, and should not hold the memory of this future.
            if Box::pin(stream.publish(text.freeze())).await.is_err() {
                return;
            }
            unsent.change = None;
        }
        stream.end(); // The server is shutting down.
    }))
}

/// A change that is being written. If that is given up, it waits for the next reader.
struct Unsent<'a> {
    listener: &'a Listener,
    change: Option<Change>,
}

impl Drop for Unsent<'_> {
    fn drop(&mut self) {
        if let Some(change) = self.change.take() {
            self.listener.record(&change);
        }
    }
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
