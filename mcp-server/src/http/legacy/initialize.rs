//! `initialize`: the beginning of a session. Spec: basic/lifecycle, up to 2025-11-25.

use std::sync::Arc;

use bytes::BytesMut;
use http::{HeaderValue, StatusCode};
use mcp_core::http::names::SESSION_ID;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::{Request, write_reply};

use super::restore;
use super::session::{Entry, SessionId};
use crate::call::CallMeta;
use crate::http::request::Head;
use crate::http::response::body::Response;
use crate::http::response::status;
use crate::http::shared::Shared;
use crate::server::Connection;

/// Begins a session. Its entry is made last, so what fails before leaves nothing here. A record in
/// a store expires by itself.
pub(super) async fn initialize(
    shared: &Arc<Shared>,
    head: &Head<'_>,
    mut request: Request,
    meta: CallMeta,
) -> Response {
    head.describe(&mut request);
    let id = request.id.clone();
    let connection = Connection::session_of(&shared.modern);
    let reply = connection.finish(connection.begin(request, meta)).await;
    let has_begun = reply.is_ok();
    let mut text = BytesMut::new();
    write_reply(&mut text, &id, reply, shared.server.limits().connection.max_outgoing_bytes);
    let mut response = status::message(StatusCode::OK, text);
    if !has_begun || shared.options.stateless {
        return response;
    }
    let Ok(session) = SessionId::random() else { return no_randomness(Some(&id)) };
    let entry = Entry::new(session, head.principal().cloned(), connection);
    if let Some(fleet) = &shared.server.fleet
        && let Err(refused) = restore::begin(fleet, &entry, &id).await
    {
        return *refused;
    }
    if let Err(full) = shared.legacy.sessions.insert(entry) {
        return status::full(status::LEGACY, full, Some(&id));
    }
    if let Ok(value) = HeaderValue::from_str(&session.to_text()) {
        response.headers_mut().insert(SESSION_ID, value);
    }
    response
}

/// The response where a session id cannot be made.
pub(super) fn no_randomness(id: Option<&RequestId>) -> Response {
    let error = crate::error::internal("making a session id", &"the system has no randomness");
    status::error(StatusCode::INTERNAL_SERVER_ERROR, id, &error)
}
