//! The stream that carries the answer of a call, where the client can resume it.

use std::sync::Arc;
use std::time::Duration;

/// A stream that can be closed before the answer: the client reconnects for the rest.
pub(crate) trait ResumableStream: Send + Sync {
    /// Asks the client to reconnect after `retry`, and closes the stream. False where that is not
    /// possible.
    fn close(&self, retry: Option<Duration>) -> bool;
}

/// The stream of one call. A binding that has one puts it into the extensions of the request.
pub(crate) struct AnswerStream(pub(crate) Arc<dyn ResumableStream>);
