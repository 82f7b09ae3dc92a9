//! What other instances say of the sessions of this one.

use std::sync::Arc;

use mcp_core::jsonrpc::{Decoded, Message, RequestId, decode};

use super::entry::Entry;
use super::id::SessionId;
use super::table::Sessions;
use crate::fleet::{Fleet, SessionMessage, SessionReceiver};

impl SessionReceiver for Sessions {
    fn receive(&self, session: &str, message: SessionMessage) {
        let Some(id) = SessionId::parse(session.as_bytes()) else { return };
        let Some(entry) = self.get(id) else { return };
        let Some(fleet) = self.fleet.clone() else { return };
        let max_uris = fleet.max_subscribed_uris();
        match message {
            SessionMessage::Changed(change) => {
                if let Some(session) = entry.connection.session() {
                    session.apply(change, max_uris);
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
                match entry.refresh(&fleet, None).await {
                    Ok(true) => {}
                    Ok(false) => drop(self.remove(entry.id())),
                    Err(error) => tracing::warn!(%error, "a session was not read again"),
                }
            }
        });
    }
}

/// Delivers the answer that the client sent to another instance.
async fn deliver(fleet: &Fleet, entry: &Arc<Entry>, id: &RequestId, key: &str) {
    let answer = match fleet.take_answer(key).await {
        Ok(Some(answer)) => answer,
        Ok(None) => return tracing::debug!(%id, "an answer is not at the bus any more"),
        Err(error) => return tracing::warn!(%error, %id, "an answer was not read from the bus"),
    };
    match decode(&answer, fleet.connection_limits()) {
        Ok(Decoded::Single(Message::Response { outcome, .. })) => {
            drop(entry.answer(id, outcome.map_err(Into::into)));
        }
        _ => tracing::warn!(%id, "an answer of another instance could not be read"),
    }
}
