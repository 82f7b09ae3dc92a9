//! Requests of the modern era (since 2026-07-28): each has all that is needed to answer it, and
//! nothing of it outlives the response.
//!
//! Checked in the order of TRAP-15: `_meta`, headers against body, revision, method; then the
//! router.

use std::sync::Arc;

use http::StatusCode;
use mcp_core::jsonrpc::{ErrorObject, MethodName, Params, RequestId};
use mcp_core::method::{Method as _, SubscriptionsListen};
use mcp_core::revision::Revision;
use mcp_core::service::{Notification, Peer, Request, Service as _};

use super::call::Call;
use super::outbox::Outbox;
use crate::call::{CallMeta, Claim};
use crate::http::admission::Admitted;
use crate::http::head::mirrored::{self, Said};
use crate::http::request::Head;
use crate::http::response::body::Response;
use crate::http::response::status;
use crate::http::shared::Shared;
use crate::registry::Registry;

/// Begins the call that answers a request, without polling it.
///
/// # Errors
/// The response of a refusal.
pub(in crate::http) fn begin(
    shared: &Shared,
    head: &Head<'_>,
    request: Request,
    meta: CallMeta,
    mut admitted: Admitted,
) -> Result<Call, Box<Response>> {
    let errors = shared.modern_errors();
    let (revision, registry) = admit(shared, head, &request.method, &request.params, &meta)
        .map_err(|error| status::refusal(errors, Some(&request.id), error))?;
    let not_acceptable = |reason: &str| {
        let error = ErrorObject::invalid_request(reason);
        status::error(StatusCode::NOT_ACCEPTABLE, Some(&request.id), &error)
    };
    // Clients have to accept both (HTTP-3). One that reads only JSON receives no notifications.
    let accepts = head.accepts();
    let json_only = !accepts.events;
    if json_only && !accepts.json {
        return Err(not_acceptable("the response is application/json or text/event-stream").into());
    }
    if request.method == SubscriptionsListen::NAME {
        if json_only {
            let reason = "subscriptions/listen requires Accept: text/event-stream";
            return Err(not_acceptable(reason).into());
        }
        admitted
            .becomes_listener()
            .map_err(|full| status::full(errors, full, Some(&request.id)))?;
    }
    let limits = shared.server.limits();
    let outbox = Arc::new(Outbox::new(limits, json_only));
    let id = request.id.clone();
    let mut request = request.with_peer(Peer::shared(Arc::clone(&outbox)));
    head.describe(&mut request);
    let connection = Arc::clone(&shared.modern);
    let begun = connection.begin_of(request, meta, revision, None, registry);
    let running = Box::pin(async move { connection.finish(begun).await });
    Ok(Call::new(id, running, outbox, json_only, limits, errors, admitted))
}

/// The checks before the method is looked up. Each refusal is a 400.
fn admit(
    shared: &Shared,
    head: &Head<'_>,
    method: &MethodName,
    params: &Params,
    meta: &CallMeta,
) -> Result<(Revision, Arc<Registry>), ErrorObject> {
    let revision = meta.modern_revision(&shared.server.revisions);
    let registry = shared.server.live.registry();
    if meta.claim != Claim::Absent && meta.has_client_capabilities {
        let said = Said { method, params, claim: &meta.claim };
        let methods = &shared.server.known_methods;
        mirrored::check_request(&head.fields, &head.headers, &said, methods, &registry)?;
    }
    let revision = revision?.ok_or_else(CallMeta::missing_version)?;
    Ok((revision, registry))
}

/// Handles a notification. The core protocol has none that a client sends over HTTP; layers may
/// know some (HTTP-4).
pub(in crate::http) async fn notification(
    shared: &Arc<Shared>,
    head: &Head<'_>,
    notification: Notification,
    meta: CallMeta,
) -> Response {
    let Notification { method, params, .. } = &notification;
    let said = Said { method, params, claim: &meta.claim };
    if let Err(error) = mirrored::check_notification(&head.fields, &said) {
        return status::refusal(shared.modern_errors(), None, error);
    }
    let access = &shared.server.access;
    if let Err(error) = access.check_required(&access.server, head.principal()) {
        return status::refusal(shared.modern_errors(), None, error);
    }
    shared.modern.notify(notification).await;
    status::bare(StatusCode::ACCEPTED)
}

/// Refuses an answer: servers send no requests in this era.
pub(in crate::http) fn response(shared: &Shared, id: Option<&RequestId>) -> Response {
    let error = ErrorObject::invalid_request(
        "a server sends no requests in this revision, so there is nothing to answer",
    );
    status::refusal(shared.modern_errors(), id, error)
}
