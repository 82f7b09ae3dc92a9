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
///
/// ```
/// use std::time::Duration;
///
/// use mcp_server::{Revision, test};
/// # use mcp_server::{Server, routes, tool};
/// # /// Add two numbers.
/// # #[tool]
/// # async fn add(a: i64, b: i64) -> i64 { a + b }
/// # let server = Server::builder("calculator", "1.0.0").routes(routes![add]);
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let client = test::client(server)
///     .revision(Revision::V2025_11_25)
///     .timeout(Duration::from_secs(5))
///     .await;
/// client.call("add", serde_json::json!({ "a": 1, "b": 2 })).await.assert_text("3");
/// # });
/// ```
#[must_use = "await it to connect the client"]
pub struct ClientBuilder {
    server: Result<Server, BuildError>,
    revision: Option<Revision>,
    timeout: Duration,
    answers: Answers,
}

impl ClientBuilder {
    /// Sets the revision. Default: the newest that the server supports.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::{Revision, test};
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let server = Server::builder("calculator", "1.0.0").routes(routes![add]).build()?;
    /// // In the revision of an old host, and in all others.
    /// for revision in Revision::ALL {
    ///     let client = test::client(&server).revision(revision).await;
    ///     client.call("add", serde_json::json!({ "a": 1, "b": 2 })).await.assert_text("3");
    /// }
    /// # Ok::<(), mcp_server::BuildError>(())
    /// # }).unwrap();
    /// ```
    pub fn revision(mut self, revision: Revision) -> Self {
        self.revision = Some(revision);
        self
    }

    /// Sets the time that the server has to answer a request; a test that waits longer fails.
    /// Default: 30 s.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::test;
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # let server = Server::builder("calculator", "1.0.0").routes(routes![add]);
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// // The test fails at once if the tool ever becomes slow.
    /// let client = test::client(server).timeout(Duration::from_secs(2)).await;
    /// client.call("add", serde_json::json!({ "a": 1, "b": 2 })).await.assert_text("3");
    /// # });
    /// ```
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
    ///
    /// ```
    /// use mcp_server::types::{CreateMessageResult, Role, SamplingContent};
    /// use mcp_server::test;
    /// # use mcp_server::input::AskError;
    /// # use mcp_server::types::{CreateMessageParams, SamplingMessage};
    /// # use mcp_server::{Context, Server, routes, tool};
    /// # /// Summarize a text.
    /// # #[tool]
    /// # async fn summarize(text: String, ctx: &Context) -> Result<String, AskError> {
    /// #     let params = CreateMessageParams::new([SamplingMessage::user(text)], 200_u64);
    /// #     Ok(ctx.create_message(params).await?.content.as_text().unwrap_or_default().to_owned())
    /// # }
    /// # let server = Server::builder("summaries", "1.0.0").routes(routes![summarize]);
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let client = test::client(server)
    ///     .on_create_message(|asked| {
    ///         assert_eq!(asked.max_tokens, 200); // What the tool asks for is tested too.
    ///         CreateMessageResult::new(Role::Assistant, SamplingContent::text("Short."), "a-model")
    ///     })
    ///     .await;
    /// client.call("summarize", serde_json::json!({ "text": "Long." })).await.assert_text("Short.");
    /// # });
    /// ```
    pub fn on_create_message(
        mut self,
        answer: impl Fn(CreateMessageParams) -> CreateMessageResult + Send + Sync + 'static,
    ) -> Self {
        self.answers.create_message = Some(Arc::new(answer));
        self
    }

    /// Sets the roots.
    ///
    /// ```
    /// use mcp_server::test;
    /// use mcp_server::types::Root;
    /// # use mcp_server::input::AskError;
    /// # use mcp_server::{Context, Server, routes, tool};
    /// # /// Count the folders that the user shares.
    /// # #[tool]
    /// # async fn folders(ctx: &Context) -> Result<usize, AskError> { Ok(ctx.list_roots().await?.len()) }
    /// # let server = Server::builder("files", "1.0.0").routes(routes![folders]);
    ///
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let client = test::client(server).roots([Root::new("file:///path/to/notes")]).await;
    /// client.call("folders", serde_json::json!({})).await.assert_text("1");
    /// # });
    /// ```
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
