//! A server that is built.

use std::fmt;
use std::sync::Arc;

use crate::definition::ServerDefinition;
use crate::registry::ServerHandle;
use crate::router::Stack;

/// A server that can be served, any number of times and ways at once. Cheap to clone; clones share
/// everything.
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
    /// A handle that adds, replaces and removes while the server runs.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        ServerHandle::new(Arc::clone(&self.definition.live))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("info", &self.definition.info).finish_non_exhaustive()
    }
}
