//! A server that is ready to serve.

use std::fmt;
use std::sync::Arc;

use crate::definition::ServerDefinition;
use crate::lint::{self, Finding};
use crate::registry::ServerHandle;
use crate::router::Stack;

/// A server that is ready to serve, on any number of connections and transports at the same time.
///
/// Cheap to clone; clones share everything. [`Server::builder`] creates a builder.
///
/// ```no_run
/// use mcp_server::{Server, routes, tool};
///
/// /// Add two numbers.
/// #[tool]
/// async fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// # async fn run() -> Result<(), mcp_server::ServeError> {
/// let server = Server::builder("calculator", "1.0.0").routes(routes![add]).build()?;
/// server.serve_stdio().await
/// # }
/// ```
#[derive(Clone)]
pub struct Server {
    pub(crate) definition: Arc<ServerDefinition>,
    /// The router, with the layers around it.
    pub(crate) stack: Arc<Stack>,
}

impl Server {
    /// Returns a handle that adds, replaces and removes routes while the server runs.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::types::PromptMessage;
    /// # use mcp_server::prompt::PromptRoute;
    /// let server = Server::builder("calculator", "1.0.0").routes(routes![add]).prompts([]).build()?;
    /// // All connections of all transports see the change.
    /// server.handle().set_prompt(PromptRoute::builder("sum").handler(|| async { "Sum up my bill." }))?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(Arc::clone(&self.definition.live))
    }

    /// Returns what some hosts break on in the names and schemas of the tools that are registered
    /// now. See [`lint`](crate::lint).
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// let server = Server::builder("calculator", "1.0.0").routes(routes![add]).build()?;
    /// // In a test of the server: no host drops or renames one of its tools.
    /// assert_eq!(server.lint(), []);
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    #[must_use]
    pub fn lint(&self) -> Vec<Finding> {
        lint::findings(&self.definition.live.registry())
    }
}

#[cfg(feature = "tasks")]
impl Server {
    /// Stops the executions of [tasks](crate::task) in this process, and releases their leases, so
    /// that other processes, or the next one, continue them at once. Otherwise they wait for the
    /// end of the lease. Call it when the process ends: no task runs here afterwards.
    /// [`serve_stdio`](Server::serve_stdio) and [`serve_http`](Server::serve_http) call it;
    /// `serve_http_with`, `into_service` and other transports do not, because the server may be
    /// served elsewhere too.
    ///
    /// Cancel safety: dropping the future may leave leases that are not released.
    ///
    /// ```no_run
    /// # async fn run(
    /// #     server: mcp_server::Server,
    /// #     listener: tokio::net::TcpListener,
    /// #     stop: tokio::sync::oneshot::Receiver<()>,
    /// # ) -> Result<(), mcp_server::ServeError> {
    /// use mcp_server::http::HttpOptions;
    ///
    /// let stop = async { drop(stop.await) };
    /// server.serve_http_with(listener, HttpOptions::new(), stop).await?;
    /// server.stop_tasks().await; // The next process continues them at once.
    /// # Ok(())
    /// # }
    /// ```
    pub async fn stop_tasks(&self) {
        if let Some(tasks) = &self.definition.tasks {
            tasks.stop().await;
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("info", &self.definition.info).finish_non_exhaustive()
    }
}
