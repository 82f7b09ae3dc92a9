//! The calls of a legacy connection in which the server may ask something: a question is tied to
//! one of them, where that is certain.

use std::collections::HashMap;

use mcp_core::jsonrpc::RequestId;
use mcp_core::sync::Mutex;

use crate::question::OriginatingCall;

/// The call that a request of the server came with, which a transport adds to the request where it
/// knows. `None` is certain too: the request came apart from all calls.
#[cfg(feature = "http")]
#[derive(Debug, Clone)]
pub(crate) struct CameWith(pub(crate) Option<RequestId>);

/// The calls in flight in which the server may ask something, at most
/// `ConnectionLimits::max_pending_requests`.
#[derive(Debug, Default)]
pub(crate) struct OpenCalls(Mutex<HashMap<RequestId, OriginatingCall>>);

impl OpenCalls {
    /// A call is in flight as long as the guard lives.
    pub(crate) fn begin(&self, id: RequestId, call: OriginatingCall) -> OpenCall<'_> {
        self.0.lock().insert(id.clone(), call);
        OpenCall { calls: self, id }
    }

    /// The call with an id.
    #[cfg(feature = "http")]
    pub(super) fn get(&self, id: &RequestId) -> Option<OriginatingCall> {
        self.0.lock().get(id).cloned()
    }

    /// The only call in flight; `None` if there are others, or none.
    pub(super) fn only(&self) -> Option<OriginatingCall> {
        let calls = self.0.lock();
        if calls.len() == 1 { calls.values().next().cloned() } else { None }
    }
}

/// A call in flight.
pub(crate) struct OpenCall<'a> {
    calls: &'a OpenCalls,
    id: RequestId,
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        let ended = self.calls.0.lock().remove(&self.id);
        drop(ended); // Without the lock: tags are values of the host.
    }
}
