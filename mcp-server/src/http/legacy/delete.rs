//! DELETE: the client ends its session, and everything that goes on in it.
//! Spec: basic/transports (2025-03-26 … 2025-11-25), Session Management.

use std::sync::Arc;

use http::StatusCode;

use super::lookup;
use crate::http::request::Head;
use crate::http::response::body::Response;
use crate::http::response::status;
use crate::http::shared::Shared;

/// A DELETE, its headers checked.
pub(in crate::http) async fn delete(shared: &Arc<Shared>, head: &Head<'_>) -> Response {
    if shared.options.stateless {
        return status::method_not_allowed(false);
    }
    let entry = match lookup::session(shared, head, None).await {
        Ok(entry) => entry,
        Err(refused) => return *refused,
    };
    if let Some(part) = entry.shared()
        && let Err(error) = part.end().await
    {
        return status::unavailable(None, &error);
    }
    shared.legacy.sessions.remove(entry.id());
    status::bare(StatusCode::NO_CONTENT)
}
