//! What other instances say of the sessions of this one.

use std::sync::Arc;

use mcp_core::jsonrpc::{Decoded, Message, RequestId, decode};
use mcp_core::transport::TransportError;

use super::entry::Entry;
use super::id::SessionId;
use super::table::Sessions;
use crate::fleet::{Fleet, SessionMessage, SessionReceiver};

impl SessionReceiver for Sessions {
    fn receive(self: Arc<Self>, session: &str, message: SessionMessage) {
        let Some(id) = SessionId::parse(session.as_bytes()) else { return };
        let Some(entry) = self.get(id) else { return };
        let Some(fleet) = self.fleet.clone() else { return };
        let max_uris = fleet.max_subscribed_uris();
        match message {
            SessionMessage::Changed { version, change } => {
                let Some(session) = entry.connection.session() else { return };
                session.apply(change, max_uris);
                if !entry.shared().is_some_and(|part| part.follows(version)) {
                    let sessions = Arc::clone(&self);
                    tokio::spawn(async move { read_again(&sessions, &fleet, &entry).await });
                }
            }
            SessionMessage::Ended => drop(self.remove(id)),
            SessionMessage::Cancelled { id } => drop(entry.cancel(&id)),
            SessionMessage::Answered { id, key } => {
                if entry.is_waiting_for(&id) {
                    tokio::spawn(async move { deliver(&fleet, &entry, &id, &key).await });
                }
            }
            SessionMessage::Reading { reader } => {
                if entry.shared().is_some_and(|part| part.reads_elsewhere_now(reader)) {
                    entry.close_standalone();
                }
            }
        }
    }

    /// Whatever was said of any session may have been lost: all records are read again.
    fn missed(self: Arc<Self>) {
        let Some(fleet) = self.fleet.clone() else { return };
        tokio::spawn(async move {
            for entry in self.all() {
                let Some(part) = entry.shared() else { continue };
                part.forget_reader();
                read_again(&self, &fleet, &entry).await;
            }
        });
    }
}

/// Reads the record of a session again.
async fn read_again(sessions: &Sessions, fleet: &Fleet, entry: &Entry) {
    match entry.refresh(fleet, None).await {
        Ok(true) => {}
        Ok(false) => drop(sessions.remove(entry.id())),
        Err(error) => tracing::warn!(%error, "a session was not read again"),
    }
}

/// Delivers the answer that the client sent to another instance. If that cannot be read, the
/// request fails, because the client will not send it again.
async fn deliver(fleet: &Fleet, entry: &Entry, id: &RequestId, key: &str) {
    let reply = match fleet.take_answer(key).await {
        Ok(Some(answer)) => match decode(&answer, fleet.connection_limits()) {
            Ok(Decoded::Single(Message::Response { outcome, .. })) => outcome.map_err(Into::into),
            _ => Err(TransportError::closed("the answer of the client cannot be read").into()),
        },
        // This instance has taken it already: the message has come twice.
        Ok(None) => return tracing::debug!(%id, "an answer is not at the bus any more"),
        Err(error) => {
            tracing::warn!(%error, %id, "an answer was not read from the bus");
            Err(TransportError::closed("the answer of the client was lost").into())
        }
    };
    drop(entry.answer(id, reply));
}
