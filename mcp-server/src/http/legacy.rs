//! Requests of the legacy era: sessions, streams on GET, DELETE. Spec: basic/transports of 2025-03-26 to
//! 2025-11-25.

use std::sync::Arc;

use http::request::Parts;
use mcp_core::jsonrpc::Decoded;

use super::Response;
use super::admission::Admitted;
use super::service::Shared;
use super::status;

/// What the sessions of one service share.
#[derive(Debug, Default)]
pub(super) struct Legacy {}

/// A frame that is of no modern request: its headers are checked and its body is read and decoded.
///
/// `admitted` is the request's place among those in flight; whoever goes on working on it keeps it.
pub(super) async fn post(
    _shared: &Arc<Shared>,
    _parts: Parts,
    _frame: Decoded,
    _admitted: Admitted,
) -> Response {
    status::method_not_allowed(false)
}

/// A GET, its headers checked.
pub(super) async fn get(_shared: &Arc<Shared>, _parts: Parts) -> Response {
    status::method_not_allowed(false)
}

/// A DELETE, its headers checked.
pub(super) async fn delete(_shared: &Arc<Shared>, _parts: Parts) -> Response {
    status::method_not_allowed(false)
}
