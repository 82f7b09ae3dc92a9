//! Serves the standard streams of the process. Spec: basic/transports, stdio.
//!
//! Standard output carries only protocol messages. The connection takes over file descriptor 1, and
//! descriptor 1 then refers to standard error, so that a stray `println!` in a handler or a library
//! is written to the log and not into a message. Standard input is replaced by `/dev/null`, so that
//! child processes of handlers cannot read messages.

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

/// Time that the store has to release the leases of tasks. Fixed: it is part of the patience of a
/// client, which `shutdown_timeout` leaves over.
#[cfg(feature = "tasks")]
const TASK_STOP_TIMEOUT: std::time::Duration = std::time::Duration::from_millis(200);

impl ServerBuilder {
    /// Builds the server and serves standard input and output until input ends or the process
    /// receives a signal to stop (SIGTERM, SIGINT).
    ///
    /// Running calls have [`shutdown_timeout`](mcp_core::ConnectionLimits::shutdown_timeout) (1 s)
    /// to finish, then they are dropped. A signal after the end of input reduces that time to a
    /// quarter, and a second signal ends the conversation immediately. A handler that blocks its
    /// thread cannot be dropped and would keep the runtime from shutting down: the process then
    /// exits with status 1 within another 250 ms. So the process always exits before a client kills
    /// it (2 s).
    ///
    /// Call it once in a process, from a multi-threaded tokio runtime with I/O and time enabled.
    ///
    /// Cancel safety: dropping the future ends the conversation immediately. The standard streams
    /// are not restored.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), mcp_server::ServeError> {
    /// mcp_server::Server::builder("calculator", "1.0.0").serve_stdio().await
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the server cannot be built, the standard streams cannot be opened, or the connection
    /// fails.
    pub async fn serve_stdio(self) -> Result<(), ServeError> {
        self.build()?.serve_stdio().await
    }
}

impl Server {
    /// Serves standard input and output. See [`ServerBuilder::serve_stdio`].
    ///
    /// ```no_run
    /// # async fn run(server: mcp_server::Server) -> Result<(), mcp_server::ServeError> {
    /// let handle = server.handle(); // For changes while it is served.
    /// server.serve_stdio().await?;
    /// eprintln!("the client is gone");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the standard streams cannot be opened, or the connection fails.
    pub async fn serve_stdio(&self) -> Result<(), ServeError> {
        self.spawn_stdio()?.await.unwrap_or_else(|_| Err(ServeError::task()))
    }

    /// Starts the task that serves. In a task, the thread that polls for I/O wakes it directly,
    /// without a detour over the thread that blocks on `main`.
    fn spawn_stdio(&self) -> Result<AbortOnDrop<Result<(), ServeError>>, ServeError> {
        let streams::Streams { reader, writer, input } =
            streams::take().map_err(ServeError::streams)?;
        let timeout = self.definition.limits().connection.shutdown_timeout;
        let (watch, watchdog) = watch::prepare(timeout, input);
        let (stops, over) = watch.split();
        let (connection, serving) = self.conversation(reader, writer, stops);
        #[cfg(feature = "tasks")]
        let server = self.clone();
        let served = tokio::spawn(async move {
            let outcome = serving.await;
            // Before the watchdog may exit the process.
            #[cfg(feature = "tasks")]
            drop(tokio::time::timeout(TASK_STOP_TIMEOUT, server.stop_tasks()).await);
            over.send(move || connection.strong_count() > 0);
            outcome
        });
        watchdog.start(); // While a worker already reads the first message.
        Ok(AbortOnDrop(served))
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
