//! Sessions that other instances serve too, as this one finds and restores them.

use std::sync::Arc;

use mcp_core::jsonrpc::RequestId;
use tokio::time::Instant;

use super::session::{Entry, SESSIONS_FULL, SESSIONS_OF_PRINCIPAL_FULL, SessionId};
use crate::auth::Principal;
use crate::fleet::{Fleet, SharedSession};
use crate::http::response::body::Response;
use crate::http::response::status;
use crate::http::shared::Shared;
use crate::server::Connection;
use crate::store::StoreError;

/// Keeps a session that begins here, so that every instance can serve it.
///
/// # Errors
/// The response to send.
pub(super) async fn begin(
    fleet: &Arc<Fleet>,
    entry: &Entry,
    request: &RequestId,
) -> Result<(), Box<Response>> {
    if !fleet.keeps_sessions() {
        return Ok(());
    }
    let Some(session) = entry.connection.session() else { return Ok(()) };
    let Some(data) = session.to_data(entry.principal().map(Principal::id)) else { return Ok(()) };
    let created = fleet.create_session(entry.id().key(), &data).await;
    created.map_err(|error| {
        Box::new(match error {
            StoreError::Full { limit: "max_sessions", .. } => {
                status::full(status::LEGACY, SESSIONS_FULL, Some(request))
            }
            StoreError::Full { .. } => {
                status::full(status::LEGACY, SESSIONS_OF_PRINCIPAL_FULL, Some(request))
            }
            error => status::unavailable(Some(request), &error),
        })
    })?;
    session.set_shared(shared_part(fleet, entry.id()));
    Ok(())
}

fn shared_part(fleet: &Arc<Fleet>, id: SessionId) -> SharedSession {
    SharedSession::new(fleet, id.to_text(), id.key())
}

/// The session with this id, if it is this principal's. Finding it counts as use.
///
/// # Errors
/// The store failed.
pub(super) async fn find(
    shared: &Shared,
    id: SessionId,
    principal: Option<&Principal>,
) -> Result<Option<Arc<Entry>>, StoreError> {
    let sessions = &shared.legacy.sessions;
    let found = sessions.find(id, principal);
    let Some(fleet) = shared.server.fleet.as_ref().filter(|fleet| fleet.keeps_sessions()) else {
        return Ok(found);
    };
    if let Some(entry) = found {
        touch(shared, &entry);
        return Ok(Some(entry));
    }
    // Boxed, because it is rare and would increase the size of every request's future.
    let restored = Box::pin(restore(shared, fleet, id, principal)).await?;
    if let Some(entry) = &restored {
        touch(shared, entry);
    }
    Ok(restored)
}

/// Restores a session from its record.
async fn restore(
    shared: &Shared,
    fleet: &Arc<Fleet>,
    id: SessionId,
    principal: Option<&Principal>,
) -> Result<Option<Arc<Entry>>, StoreError> {
    let sessions = &shared.legacy.sessions;
    let Some((version, data, _)) = fleet.load_session(id.key()).await? else { return Ok(None) };
    if data.principal.as_deref() != principal.map(Principal::id) {
        return Ok(None);
    }
    let restored = Connection::restored(&shared.modern, &data);
    let Some(connection) = restored.map_err(|full| StoreError::unavailable(full.to_error()))?
    else {
        return Ok(None);
    };
    let entry = Entry::new(id, principal.cloned(), connection);
    if let Some(session) = entry.connection.session() {
        session.set_shared(shared_part(fleet, id));
        session.shared().into_iter().for_each(|part| part.reached(version));
    }
    let Some(entry) = sessions.adopt(entry) else {
        return Err(StoreError::unavailable(
            "this instance has no room for a session (max_sessions)",
        ));
    };
    // Messages of other instances reach the session from now on. What happened since it was read is
    // in its record.
    let refreshed = entry.refresh(fleet, Some(version)).await;
    if !matches!(refreshed, Ok(true)) {
        sessions.remove(id);
        return refreshed.map(|_| None);
    }
    entry.touch(Instant::now());
    Ok(Some(entry))
}

/// Notes the use of a session in the store, now and then, without waiting for it.
fn touch(shared: &Shared, entry: &Arc<Entry>) {
    if !entry.shared().is_some_and(|part| part.claim_touch(Instant::now())) {
        return;
    }
    let (sessions, entry) = (Arc::downgrade(&shared.legacy.sessions), Arc::clone(entry));
    shared.tasks.spawn(async move {
        let exists = match entry.shared() {
            Some(part) => part.touch(entry.is_read_up()).await,
            None => true,
        };
        if !exists && let Some(sessions) = sessions.upgrade() {
            sessions.remove(entry.id());
        }
    });
}
