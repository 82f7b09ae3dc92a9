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
    pub fn on_elicit_url<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(ElicitUrlParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult, ErrorObject>> + Send + 'static,
    {
        self.handlers.set_url(move |params, _| handler(params));
        self
    }

    /// As [`ClientBuilder::on_elicit_url`], with what is known about the question. Replaces it.
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
