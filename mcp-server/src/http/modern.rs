//! Requests of the modern era (since 2026-07-28): all that is needed is in the request, and nothing of it
//! outlives the response.
//!
//! Checked in the order of TRAP-15: `_meta`, headers against body, revision, method; then the router.

use std::sync::Arc;

use crate::call::{CallMeta, Claim};
use http::header::ACCEPT;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use mcp_core::http::names::{EVENT_STREAM, JSON};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, MethodName, RequestId, code};
use mcp_core::revision::Revision;
use mcp_core::service::{Notification, Peer, Request, Service as _};

use super::admission::{Admitted, Full};
use super::call::Call;
use super::headers::{self, Said};
use super::outbox::Outbox;
use super::service::Shared;
use super::{Response, status};
use crate::principal::Principal;
use crate::registry::Registry;

/// A request: the call that answers it, which was not polled yet.
///
/// # Errors
/// The response that says why there is none.
pub(super) fn begin(
    shared: &Shared,
    parts: Arc<Parts>,
    request: Request,
    meta: CallMeta,
    mut admitted: Admitted,
) -> Result<Call, Box<Response>> {
    let (revision, registry) =
        admit(shared, &parts.headers, &request.method, &request.params, &meta).map_err(
            |error| {
                let status = match error.code() {
                    code::INVALID_PARAMS => StatusCode::BAD_REQUEST,
                    _ => status::of(&error),
                };
                status::error(status, Some(&request.id), &error)
            },
        )?;
    let not_acceptable = |reason: &str| {
        let error = ErrorObject::invalid_request(reason);
        status::error(StatusCode::NOT_ACCEPTABLE, Some(&request.id), &error)
    };
    let accepts = Accepts::read(&parts.headers)
        .ok_or_else(|| not_acceptable("the answer is application/json or text/event-stream"))?;
    let principal = parts.extensions.get::<Principal>();
    if request.method == "subscriptions/listen" {
        if accepts == Accepts::Json {
            return Err(not_acceptable("what changes is told as text/event-stream").into());
        }
        admitted.becomes_listener(principal).map_err(|full| match full {
            Full::All => status::overloaded(Some(&request.id)),
            Full::Principal => status::too_many(Some(&request.id)),
        })?;
    }
    let limits = shared.server.limits();
    let outbox = Arc::new(Outbox::new(&limits.http, accepts == Accepts::Json));
    let id = request.id.clone();
    let mut request = request.with_peer(Peer::shared(Arc::clone(&outbox)));
    if let Some(principal) = principal {
        request.extensions.insert(principal.clone());
    }
    request.extensions.insert_shared(parts);
    let connection = Arc::clone(&shared.modern);
    let running =
        Box::pin(async move { connection.answer(request, meta, revision, None, registry).await });
    Ok(Call::new(id, running, outbox, accepts == Accepts::Json, limits, admitted))
}

/// What comes before the method is looked up. Each refusal is a 400.
fn admit(
    shared: &Shared,
    headers: &HeaderMap,
    method: &MethodName,
    params: &JsonBytes,
    meta: &CallMeta,
) -> Result<(Revision, Arc<Registry>), ErrorObject> {
    let revision = meta.modern_revision(&shared.server.revisions);
    let registry = shared.server.live.registry();
    if meta.claim != Claim::Absent && meta.client_capabilities.is_some() {
        let said = Said { method, params, found: &meta.params, claim: &meta.claim };
        headers::check_request(headers, &said, &registry)?;
    }
    let revision = revision?.ok_or_else(CallMeta::missing_version)?;
    Ok((revision, registry))
}

/// A notification. The core protocol has none that a client sends over HTTP; layers may know some (HTTP-4).
pub(super) async fn notification(
    shared: &Arc<Shared>,
    parts: &Parts,
    notification: Notification,
    meta: CallMeta,
) -> Response {
    let Notification { method, params, .. } = &notification;
    let said = Said { method, params, found: &meta.params, claim: &meta.claim };
    if let Err(error) = headers::check_notification(&parts.headers, &said) {
        return status::error(StatusCode::BAD_REQUEST, None, &error);
    }
    shared.modern.notify(notification).await;
    status::bare(StatusCode::ACCEPTED)
}

/// An answer, though no server asks anything in this era.
pub(super) fn response(id: Option<&RequestId>) -> Response {
    let error = ErrorObject::invalid_request(
        "a server asks nothing in this revision, so nothing is answered",
    );
    status::error(StatusCode::BAD_REQUEST, id, &error)
}

/// What the caller reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Accepts {
    Json,
    Both,
}

impl Accepts {
    /// Clients have to accept both (HTTP-3). One that reads JSON alone gets no notifications, and so may not ask
    /// for nothing else; but for that, nothing but one that reads neither is refused.
    fn read(headers: &HeaderMap) -> Option<Self> {
        let mut any = false;
        let mut json = false;
        for value in headers.get_all(ACCEPT) {
            any = true;
            for range in value.as_bytes().split(|byte| *byte == b',') {
                let media =
                    range.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
                let is = |name: &str| media.eq_ignore_ascii_case(name.as_bytes());
                if is(EVENT_STREAM) || is("*/*") || is("text/*") {
                    return Some(Self::Both);
                }
                json |= is(JSON) || is("application/*");
            }
        }
        match (any, json) {
            (false, _) => Some(Self::Both),
            (true, true) => Some(Self::Json),
            (true, false) => None,
        }
    }
}
