//! The settings of the client of a test.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::Revision;
use mcp_core::types::{CreateMessageParams, CreateMessageResult, ElicitParams, ElicitResult, Root};

use super::answers::Answers;
use super::client::Client;
use crate::error::BuildError;
use crate::server::{Server, ServerBuilder};

/// Default time that the server has to answer a request.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Connects a client to a server. Await the builder that it returns. See [`test`](super).
pub fn client(server: impl IntoServer) -> ClientBuilder {
    ClientBuilder {
        server: server.into_server(),
        revision: None,
        timeout: TIMEOUT,
        answers: Answers::default(),
    }
}

/// A server, or the builder of one.
pub trait IntoServer {
    /// Builds the server.
    ///
    /// # Errors
    /// If it cannot be built.
    fn into_server(self) -> Result<Server, BuildError>;
}

impl IntoServer for Server {
    fn into_server(self) -> Result<Server, BuildError> {
        Ok(self)
    }
}

impl IntoServer for &Server {
    fn into_server(self) -> Result<Server, BuildError> {
        Ok(self.clone())
    }
}

impl IntoServer for ServerBuilder {
    fn into_server(self) -> Result<Server, BuildError> {
        self.build()
    }
}

/// The settings of a client. Awaiting it connects the client.
///
/// The client declares the capabilities for which it has an answer.
#[must_use = "await it to connect the client"]
pub struct ClientBuilder {
    server: Result<Server, BuildError>,
    revision: Option<Revision>,
    timeout: Duration,
    answers: Answers,
}

impl ClientBuilder {
    /// Sets the revision. Default: the newest that the server supports.
    pub fn revision(mut self, revision: Revision) -> Self {
        self.revision = Some(revision);
        self
    }

    /// Sets the time that the server has to answer a request; a test that waits longer fails.
    /// Default: 30 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the answer of the user to forms and URLs (elicitation).
    ///
    /// ```
    /// use mcp_server::types::ElicitResult;
    /// use mcp_server::{Elicit, Context, Server, ToolError, routes, test, tool};
    /// use serde_json::json;
    ///
    /// #[derive(serde::Deserialize, Elicit)]
    /// struct Name {
    ///     name: String,
    /// }
    ///
    /// /// Greet the user.
    /// #[tool]
    /// async fn greet(ctx: Context) -> Result<String, ToolError> {
    ///     let answer = ctx.elicit::<Name>("Who are you?").await?;
    ///     Ok(format!("Hello, {}!", answer.name))
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
    /// let server = Server::builder("greeter", "1.0.0").routes(routes![greet]);
    /// let client = test::client(server)
    ///     .revision(mcp_server::Revision::V2025_11_25)
    ///     .on_elicit(|_form| ElicitResult::accept(json!({ "name": "Ada" })))
    ///     .await;
    /// client.call("greet", json!({})).await.assert_text("Hello, Ada!");
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_elicit(
        mut self,
        answer: impl Fn(ElicitParams) -> Result<ElicitResult, ErrorObject> + Send + Sync + 'static,
    ) -> Self {
        self.answers.elicit = Some(Arc::new(answer));
        self
    }

    /// Sets the answer of the client's model (sampling).
    pub fn on_create_message(
        mut self,
        answer: impl Fn(CreateMessageParams) -> CreateMessageResult + Send + Sync + 'static,
    ) -> Self {
        self.answers.create_message = Some(Arc::new(answer));
        self
    }

    /// Sets the roots.
    pub fn roots(mut self, roots: impl IntoIterator<Item = Root>) -> Self {
        self.answers.roots = Some(roots.into_iter().collect());
        self
    }
}

impl IntoFuture for ClientBuilder {
    type Output = Client;
    type IntoFuture = Pin<Box<dyn Future<Output = Client> + Send>>;

    /// Connects the client, with the handshake of the revision.
    ///
    /// # Panics
    /// The future panics if the server cannot be built, or refuses the client.
    fn into_future(self) -> Self::IntoFuture {
        let Self { server, revision, timeout, answers } = self;
        Box::pin(async move {
            match server {
                Ok(server) => Client::connect(&server, revision, timeout, answers).await,
                Err(error) => panic!("the server cannot be built: {error}"),
            }
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("revision", &self.revision).finish_non_exhaustive()
    }
}
