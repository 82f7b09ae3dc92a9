//! Serving the process's own standard streams. Spec: basic/transports, stdio.
//!
//! Standard output is the connection, so the process gives it up: what was file descriptor 1 is held by the
//! connection alone, and 1 is pointed at standard error, so that a stray `println!` of a handler or a library
//! ends up in the log instead of in the middle of a message. Standard input is replaced by `/dev/null`, so that
//! children of handlers cannot eat messages.

mod streams;

use std::time::Duration;

use crate::error::ServeError;
use crate::server::{BuiltServer, Server};

impl Server {
    /// Builds the server and serves the process's standard input and output, until input ends or the process
    /// is told to stop (SIGTERM, SIGINT). Returns in bounded time even while handlers are stuck.
    ///
    /// Call it once in a process, from a multi-threaded tokio runtime with I/O and time enabled.
    ///
    /// # Errors
    /// When the server cannot be built, the standard streams cannot be taken over, or the connection breaks.
    pub async fn serve_stdio(self) -> Result<(), ServeError> {
        self.build()?.serve_stdio().await
    }
}

impl BuiltServer {
    /// See [`Server::serve_stdio`].
    ///
    /// # Errors
    /// When the standard streams cannot be taken over, or the connection breaks.
    pub async fn serve_stdio(&self) -> Result<(), ServeError> {
        let streams::Streams { reader, writer } = streams::take().map_err(ServeError::streams)?;
        let server = self.clone();
        // On a worker of its own runtime the task is woken by the thread that polls for I/O, without a detour
        // over the thread that blocks on `main`.
        let served = tokio::spawn(async move {
            let drain = server.0.limits.drain_on_signal;
            server.serve_until(reader, writer, crate::signals::stop(drain + Duration::from_secs(1))).await
        });
        served.await.unwrap_or_else(|_| Err(ServeError::task()))
    }
}
