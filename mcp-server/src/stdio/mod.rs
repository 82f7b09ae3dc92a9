//! Serving the process's own standard streams. Spec: basic/transports, stdio.
//!
//! Standard output is the connection, so the process gives it up: what was file descriptor 1 is
//! held by the connection alone, and 1 is pointed at standard error, so that a stray `println!` of
//! a handler or a library ends up in the log instead of in the middle of a message. Standard input
//! is replaced by `/dev/null`, so that children of handlers cannot eat messages.

mod hang_up;
#[cfg(unix)]
mod pipe;
mod streams;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::{JoinError, JoinHandle};

use crate::error::ServeError;
use crate::server::{Server, ServerBuilder};
use crate::watch;

impl ServerBuilder {
    /// Builds the server and serves the process's standard input and output, until input ends or
    /// the process is told to stop (SIGTERM, SIGINT). Dropping the future ends the conversation at
    /// once.
    ///
    /// Running calls have [`shutdown_timeout`](mcp_core::ConnectionLimits::shutdown_timeout) to finish (1 s), then they are dropped. A signal
    /// after the end of input leaves them a quarter of that time at most, and a second signal ends
    /// the conversation at once. A handler that blocks its thread cannot be dropped and would keep
    /// the runtime from ending: the process then exits with status 1 within another 250 ms. So it
    /// always ends before a client escalates (2 s).
    ///
    /// Call it once in a process, from a multi-threaded tokio runtime with I/O and time enabled.
    ///
    /// # Errors
    /// When the server cannot be built, the standard streams cannot be taken over, or the
    /// connection breaks.
    pub async fn serve_stdio(self) -> Result<(), ServeError> {
        self.build()?.serve_stdio().await
    }
}

impl Server {
    /// See [`ServerBuilder::serve_stdio`].
    ///
    /// # Errors
    /// When the standard streams cannot be taken over, or the connection breaks.
    pub async fn serve_stdio(&self) -> Result<(), ServeError> {
        let streams::Streams { reader, writer, input } =
            streams::take().map_err(ServeError::streams)?;
        let timeout = self.definition.limits().connection.shutdown_timeout;
        let (stops, over) = watch::begin(timeout, hang_up::hang_up(input)).split();
        let server = self.clone();
        // On a worker of its own runtime the task is woken by the thread that polls for I/O,
        // without a detour over the thread that blocks on `main`.
        let served = tokio::spawn(async move {
            let (connection, serving) = server.conversation(reader, writer, stops);
            let outcome = serving.await;
            // The watching thread may not have started.
            over.send(Box::new(move || connection.strong_count() > 0)).ok();
            outcome
        });
        AbortOnDrop(served).await.unwrap_or_else(|_| Err(ServeError::task()))
    }
}

/// A task that is aborted when its handle is dropped.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
