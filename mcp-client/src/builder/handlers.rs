//! What answers the questions of a server.

use std::future::Future;
use std::sync::Arc;

use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::jsonrpc::{ErrorObject, MethodName};
use mcp_core::method::Method;
use mcp_core::types::{
    CreateMessageParams, CreateMessageResult, ElicitFormParams, ElicitResult, ElicitUrlParams, Root,
};

use super::ClientBuilder;
use crate::handler::{QuestionHandler, read, write};
use crate::question::Question;

/// Questions of the server.
impl ClientBuilder {
    /// Fills in forms for the server (elicitation), and declares the capability.
    ///
    /// The handler has to show which server asks, and to let the user review, decline and cancel.
    /// An answer that does not fit the requested schema is not sent: the server gets an error.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::serde_json::json;
    /// use mcp_client::types::ElicitResult;
    ///
    /// let client = Client::builder()
    ///     .on_elicit(|form| async move {
    ///         // Show `form.message` and the fields of `form.requested_schema`.
    ///         assert_eq!(form.message, "Delete the note \"buy milk\"?");
    ///         ElicitResult::accept(json!({ "sure": true }))
    ///     })
    ///     .connect(reader, writer)
    ///     .await?;
    /// assert_eq!(client.call_tool("delete", &()).await?.text(), "deleted");
    /// # Ok(())
    /// # });
    /// ```
    pub fn on_elicit<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(ElicitFormParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult, ErrorObject>> + Send + 'static,
    {
        self.handlers.set_form(move |params, _| handler(params));
        self
    }

    /// As [`ClientBuilder::on_elicit`], with what is known about the question: which server asks,
    /// and for which call. Replaces it.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::ElicitResult;
    ///
    /// let builder = Client::builder().on_elicit_with(|form, question| async move {
    ///     let tool = question.call().and_then(|call| call.name());
    ///     assert_eq!(tool.as_deref(), Some("delete")); // Show it with the form.
    ///     Ok(ElicitResult::decline())
    /// });
    /// let client = builder.connect(reader, writer).await?;
    /// assert_eq!(client.call_tool("delete", &()).await?.text(), "kept");
    /// # Ok(())
    /// # });
    /// ```
    pub fn on_elicit_with(
        mut self,
        handler: impl QuestionHandler<ElicitFormParams, ElicitResult>,
    ) -> Self {
        self.handlers.set_form(handler);
        self
    }

    /// Sends the user to a URL for the server (elicitation), and declares the capability.
    ///
    /// The handler has to show host and URL, to ask for consent before it opens anything, and must
    /// not fetch the URL itself.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::ElicitResult;
    ///
    /// let builder = Client::builder().on_elicit_url(|visit| async move {
    ///     // Show `visit.message` and the URL; if the user agrees, open it in a browser.
    ///     assert_eq!(visit.url, "https://notes.example.com/connect?session=1");
    ///     Ok(ElicitResult::accept_url())
    /// });
    /// let client = builder.connect(reader, writer).await?;
    /// assert_eq!(client.call_tool("share", &()).await?.text(), "shared");
    /// # Ok(())
    /// # });
    /// ```
    pub fn on_elicit_url<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(ElicitUrlParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult, ErrorObject>> + Send + 'static,
    {
        self.handlers.set_url(move |params, _| handler(params));
        self
    }

    /// As [`ClientBuilder::on_elicit_url`], with what is known about the question. Replaces it.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::ElicitResult;
    ///
    /// let builder = Client::builder().on_elicit_url_with(|visit, question| async move {
    ///     eprintln!("{} sends you to {}", question.server_name(), visit.url);
    ///     Ok(ElicitResult::cancel())
    /// });
    /// let client = builder.connect(reader, writer).await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn on_elicit_url_with(
        mut self,
        handler: impl QuestionHandler<ElicitUrlParams, ElicitResult>,
    ) -> Self {
        self.handlers.set_url(handler);
        self
    }

    /// Asks the client's model for the server (sampling), and declares the capability `sampling`.
    ///
    /// A request that breaks the rules for uses of tools and their results is refused before it
    /// reaches the handler.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::{CreateMessageResult, Role, SamplingContent};
    ///
    /// let builder = Client::builder().on_create_message(|request| async move {
    ///     // Ask the user, and then the model, with `request.messages`.
    ///     let answer = SamplingContent::text("You need milk.");
    ///     Ok(CreateMessageResult::new(Role::Assistant, answer, "my-model"))
    /// });
    /// let client = builder.connect(reader, writer).await?;
    /// assert_eq!(client.call_tool("summarize", &()).await?.text(), "You need milk.");
    /// # Ok(())
    /// # });
    /// ```
    #[deprecated(
        note = "MCP 2026-07-28 deprecates sampling (SEP-2577), with removal no earlier than \
                2027-07-28; call the API of a model provider"
    )]
    pub fn on_create_message<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(CreateMessageParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<CreateMessageResult, ErrorObject>> + Send + 'static,
    {
        self.handlers.set_create_message(move |params, _| handler(params));
        self
    }

    /// As [`ClientBuilder::on_create_message`], with what is known about the question. Replaces it.
    ///
    /// Deprecated with [`ClientBuilder::on_create_message`].
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::types::{CreateMessageResult, Role, SamplingContent};
    /// use mcp_client::{Client, ErrorObject};
    ///
    /// /// What the user allows a tool to spend.
    /// struct Budget(u64);
    ///
    /// let builder = Client::builder().on_create_message_with(|request, question| async move {
    ///     let budget = question.call().and_then(|call| call.tag::<Budget>());
    ///     if budget.is_none_or(|budget| request.max_tokens > budget.0) {
    ///         return Err(ErrorObject::invalid_params("too many tokens"));
    ///     }
    ///     let answer = SamplingContent::text("You need milk.");
    ///     Ok(CreateMessageResult::new(Role::Assistant, answer, "my-model"))
    /// });
    /// let client = builder.connect(reader, writer).await?;
    /// client.call_tool("summarize", &()).tag(Budget(1_000)).await?;
    /// # Ok(())
    /// # });
    /// ```
    #[deprecated(
        note = "MCP 2026-07-28 deprecates sampling (SEP-2577), with removal no earlier than \
                2027-07-28; call the API of a model provider"
    )]
    pub fn on_create_message_with(
        mut self,
        handler: impl QuestionHandler<CreateMessageParams, CreateMessageResult>,
    ) -> Self {
        self.handlers.set_create_message(handler);
        self
    }

    /// Declares that the sampling handler honours `tools` and `toolChoice`. Without it such a
    /// question is refused before it comes to the handler.
    ///
    /// Deprecated with [`ClientBuilder::on_create_message`].
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::{CreateMessageResult, Role, SamplingContent};
    ///
    /// let client = Client::builder()
    ///     .on_create_message(|request| async move {
    ///         // Offer `request.tools` to the model; the server runs what it calls.
    ///         let answer = SamplingContent::text("There is nothing to look up.");
    ///         Ok(CreateMessageResult::new(Role::Assistant, answer, "my-model"))
    ///     })
    ///     .sampling_tools()
    ///     .connect(reader, writer)
    ///     .await?;
    /// # Ok(())
    /// # });
    /// ```
    #[deprecated(
        note = "MCP 2026-07-28 deprecates sampling (SEP-2577), with removal no earlier than \
                2027-07-28; call the API of a model provider"
    )]
    pub fn sampling_tools(mut self) -> Self {
        self.handlers.sampling_tools = true;
        self
    }

    /// Tells the server these roots, and declares the capability `roots`. They can be changed with
    /// [`Client::set_roots`](crate::Client::set_roots). A root that is not a `file:` URI fails the connect call.
    ///
    /// Deprecated by the 2026-07-28 revision (SEP-2577), to be removed from the protocol no earlier
    /// than 2027-07-28.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::Root;
    ///
    /// let builder = Client::builder().roots([Root::new("file:///projects/app").name("app")]);
    /// let client = builder.connect(reader, writer).await?;
    /// assert_eq!(client.call_tool("find", &()).await?.text(), "file:///projects/app");
    /// # Ok(())
    /// # });
    /// ```
    #[deprecated(
        note = "MCP 2026-07-28 deprecates roots (SEP-2577), with removal no earlier than \
                2027-07-28; take paths or URIs as arguments, or from the configuration"
    )]
    pub fn roots(mut self, roots: impl IntoIterator<Item = Root>) -> Self {
        self.handlers.set_roots(roots.into_iter().collect());
        self
    }

    /// Tells the server the roots that a function returns for each question, and declares the
    /// capability `roots`, without `listChanged`. In place of [`ClientBuilder::roots`]: with both,
    /// the connect call fails. A root that is not a `file:` URI is not sent; the server gets an
    /// error.
    ///
    /// Deprecated with [`ClientBuilder::roots`].
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::Root;
    ///
    /// /// The folder of a conversation.
    /// struct Folder(&'static str);
    ///
    /// let builder = Client::builder().on_list_roots(|question| async move {
    ///     let folder = question.call().and_then(|call| call.tag::<Folder>());
    ///     Ok(folder.map(|folder| Root::new(folder.0)).into_iter().collect())
    /// });
    /// let client = builder.connect(reader, writer).await?;
    /// let reply = client.call_tool("find", &()).tag(Folder("file:///projects/site")).await?;
    /// assert_eq!(reply.text(), "file:///projects/site");
    /// # Ok(())
    /// # });
    /// ```
    #[deprecated(
        note = "MCP 2026-07-28 deprecates roots (SEP-2577), with removal no earlier than \
                2027-07-28; take paths or URIs as arguments, or from the configuration"
    )]
    pub fn on_list_roots<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(Question) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Vec<Root>, ErrorObject>> + Send + 'static,
    {
        self.handlers.set_list_roots(move |(), question| handler(question));
        self
    }

    /// Answers requests of a method that is not one of the protocol's, by the marker of its
    /// [`Method`].
    ///
    /// A legacy server sends such a request; a modern one may ask for it in a result. Params that
    /// are not an `M::Params` are answered with an error, and do not reach the handler. Declare
    /// what the server has to know with [`ClientBuilder::capabilities`]. Two handlers of one method
    /// fail the connect call, and so do those for questions that have a method of their own in this
    /// builder, and for `ping`.
    ///
    /// ```
    /// use mcp_client::Client;
    /// use mcp_client::method::Method;
    /// use mcp_client::serde_json::Value;
    ///
    /// enum OpenFile {}
    ///
    /// impl Method for OpenFile {
    ///     const NAME: &'static str = "com.example/openFile";
    ///     type Params = Value;
    ///     type Result = bool;
    /// }
    ///
    /// let builder = Client::builder().on_request::<OpenFile>(|params, question| async move {
    ///     eprintln!("{} opens {}", question.server_name(), params["path"]);
    ///     Ok(true)
    /// });
    /// ```
    pub fn on_request<M: Method>(
        mut self,
        handler: impl QuestionHandler<M::Params, M::Result>,
    ) -> Self {
        let handler = Arc::new(handler);
        self.handlers.set_other(M::NAME.into(), move |params: JsonBytes, question| {
            let handler = Arc::clone(&handler);
            async move { write(&handler(read(&params)?, question).await?) }
        });
        self
    }

    /// As [`ClientBuilder::on_request`], for a method whose name is known only at run time, with
    /// the JSON text of its params and of its result.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::json::RawJson;
    /// use mcp_client::serde_json::json;
    /// use mcp_client::{Client, ErrorObject};
    ///
    /// // A name from the configuration of the host.
    /// let method = "com.example/open".to_owned();
    /// let builder = Client::builder().on_request_raw(method, |params, _| async move {
    ///     eprintln!("open {}", params.get());
    ///     RawJson::new(&json!({ "opened": true })).map_err(|_| ErrorObject::internal())
    /// });
    /// let client = builder.connect(reader, writer).await?;
    /// let reply = client.call_tool("open", &json!({})).await?; // The server asks.
    /// assert_eq!(reply.text(), r#"{"opened":true}"#);
    /// # Ok(())
    /// # });
    /// ```
    pub fn on_request_raw(
        mut self,
        method: impl Into<MethodName>,
        handler: impl QuestionHandler<RawJson, RawJson>,
    ) -> Self {
        let handler = Arc::new(handler);
        self.handlers.set_other(method.into(), move |params: JsonBytes, question| {
            let handler = Arc::clone(&handler);
            async move { write(&handler(read(&params)?, question).await?) }
        });
        self
    }
}
