//! The context of a call: what a handler can read, and what it can send while it runs.

use std::fmt;
use std::sync::Arc;

use mcp_core::extensions::Extensions;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::meta::{Meta, STALE_DIGESTS};
use mcp_core::revision::{Revision, Rules};
use mcp_core::service::{BoxFuture, Request};
use mcp_core::telemetry::TraceContext;
use mcp_core::types::{ClientCapabilities, Implementation};

use crate::call::{self, Call};
use crate::wire::WireResult;

/// The call that a handler answers. Cheap to clone.
///
/// Take it as an argument of a tool, prompt or resource function, at any position. Its methods work
/// in every revision; where a revision lacks a feature, the method documents what happens instead.
///
/// A `&Context` ends with the function. A task or thread that outlives it takes a clone: take the
/// `Context` by value, or call `ctx.clone()` before `tokio::spawn(async move { … })`.
///
/// ```
/// use mcp_server::{Context, tool};
///
/// /// Index the given files.
/// #[tool]
/// async fn index(files: Vec<String>, ctx: Context) -> String {
///     for (done, file) in files.iter().enumerate() {
///         ctx.progress_with_message(done, files.len(), file).await;
///     }
///     format!("indexed {} files", files.len())
/// }
/// ```
#[derive(Clone)]
pub struct Context(Arc<Call>);

impl Context {
    /// Returns the context of a request in a [layer](crate::layer). `None` for a request that a
    /// layer created.
    ///
    /// ```
    /// use mcp_server::Context;
    /// use mcp_server::service::Request;
    ///
    /// /// In a layer: the key of a cache that users do not share.
    /// fn cache_key(request: &Request) -> Option<String> {
    ///     let context = Context::of(request)?;
    ///     Some(format!("{} for {}", context.request_id(), context.principal()?.id()))
    /// }
    /// ```
    pub fn of(request: &Request) -> Option<Self> {
        request.extensions.get_shared().map(Self)
    }

    pub(crate) fn new(call: Arc<Call>) -> Self {
        Self(call)
    }

    /// Takes the context of a request that has passed the layers, with the extensions that they
    /// added.
    pub(crate) fn take(request: &mut Request) -> Option<Self> {
        let call = request.extensions.take::<Call>()?;
        if !request.extensions.is_empty() {
            let layered = call.extensions.merged(std::mem::take(&mut request.extensions));
            // Already set if a layer calls the service more than once.
            drop(call.layered.set(layered));
        }
        Some(Self(call))
    }

    /// Returns the data of the call.
    pub(crate) fn call(&self) -> &Call {
        &self.0
    }

    /// Returns the id of the request, which the caller chose.
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// Import a file.
    /// #[tool]
    /// async fn import(path: String, ctx: &Context) -> String {
    ///     // The client logs the same id.
    ///     tracing::info!(request = %ctx.request_id(), path, "import begins");
    ///     format!("imported {path}")
    /// }
    /// ```
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.0.id
    }

    /// Returns the protocol revision of this call.
    ///
    /// ```
    /// use mcp_server::{Context, Revision, Server, routes, tool};
    ///
    /// /// Say which revision of the protocol this call has.
    /// #[tool]
    /// async fn revision(ctx: &Context) -> String {
    ///     ctx.revision().to_string()
    /// }
    ///
    /// let server = Server::builder("debug", "1.0.0").routes(routes![revision]);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let client = mcp_server::test::client(server).revision(Revision::V2025_06_18).await;
    /// client.call("revision", serde_json::json!({})).await.assert_text("2025-06-18");
    /// # });
    /// ```
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.0.revision
    }

    /// Encodes the result of this call.
    pub(crate) fn encode<T: WireResult>(&self, mut result: T) -> Result<JsonBytes, ErrorObject> {
        self.mark_stale(result.meta_mut());
        self.0.environment.encode(result, self.0.rules)
    }

    /// Adds to the `_meta` of a result which of the digests that the client knows are stale.
    pub(crate) fn mark_stale(&self, meta: &mut Option<Meta>) {
        if let Some(stale) = self.0.stale.get() {
            meta.get_or_insert_default().insert(STALE_DIGESTS, stale.as_slice());
        }
    }

    pub(crate) fn rules(&self) -> &'static Rules {
        self.0.rules
    }

    /// Returns the name and version that the client claims. `None` for calls without `clientInfo`.
    ///
    /// The claim is not verified: never base a security decision on it.
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// Say hello.
    /// #[tool]
    /// async fn hello(ctx: &Context) -> String {
    ///     match ctx.client_info() {
    ///         Some(client) => format!("Hello, {} {}!", client.name, client.version),
    ///         None => "Hello!".to_owned(),
    ///     }
    /// }
    /// # use mcp_server::{Server, routes};
    /// # let server = Server::builder("greeter", "1.0.0").routes(routes![hello]);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = mcp_server::test::client(server).await;
    /// # let hello = client.call("hello", serde_json::json!({})).await.text();
    /// # assert!(hello.starts_with("Hello, test-client"), "{hello}");
    /// # });
    /// ```
    #[must_use]
    pub fn client_info(&self) -> Option<Implementation> {
        match &self.0.session {
            Some(session) => session.client_info(),
            None => call::client_info(&self.0.params),
        }
    }

    /// Returns the capabilities that the client declared for this call (modern) or session
    /// (legacy).
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// Say what the client can do.
    /// #[tool]
    /// async fn capabilities(ctx: &Context) -> String {
    ///     let can = ctx.client_capabilities();
    ///     // `can_elicit` and similar methods also ask the revision.
    ///     format!("forms: {}, sampling: {}", can.elicitation.is_some(), can.sampling.is_some())
    /// }
    /// ```
    #[must_use]
    pub fn client_capabilities(&self) -> ClientCapabilities {
        match &self.0.session {
            Some(session) => session.capabilities(),
            None => call::client_capabilities(&self.0.params),
        }
    }

    /// Returns the `_meta` of the request.
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// Render a chart.
    /// #[tool]
    /// async fn chart(data: Vec<f64>, ctx: &Context) -> String {
    ///     // What this host tells beside the arguments. The model did not write it.
    ///     let theme = ctx.meta().read::<String>("com.example/theme");
    ///     format!("{} values, {}", data.len(), theme.as_deref().unwrap_or("light"))
    /// }
    /// ```
    #[must_use]
    pub fn meta(&self) -> Meta {
        call::whole_meta(&self.0.params).unwrap_or_default()
    }

    /// Returns the trace that the caller continues with this request: `traceparent`, `tracestate`
    /// and `baggage` of its `_meta`. `None` without a valid one.
    ///
    /// The caller can put anything into it. Never base a security decision on it.
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// Look up an order.
    /// #[tool]
    /// async fn order(id: u64, ctx: &Context) -> String {
    ///     let mut headers = Vec::new();
    ///     if let Some(trace) = ctx.trace_context() {
    ///         headers.extend(trace.traceparent().map(|parent| ("traceparent", parent.to_owned())));
    ///     }
    ///     // … call the other service with these header fields …
    ///     format!("order {id}, with {} header fields", headers.len())
    /// }
    /// ```
    #[must_use]
    pub fn trace_context(&self) -> Option<TraceContext> {
        call::trace_context(&self.0.params)
    }

    /// Returns the values that the transport and the layers attached to the call, such as HTTP
    /// headers, the principal or the address of the peer.
    ///
    /// ```
    /// # use mcp_server::{Context, tool};
    /// /// What a layer of this server has found out about the caller.
    /// struct Tenant(String);
    ///
    /// /// List the projects.
    /// #[tool]
    /// async fn projects(ctx: &Context) -> String {
    ///     match ctx.extensions().get::<Tenant>() {
    ///         Some(Tenant(name)) => format!("the projects of {name}"),
    ///         None => "no tenant".to_owned(),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn extensions(&self) -> &Extensions {
        self.0.layered.get().unwrap_or(&self.0.extensions)
    }

    /// Runs blocking work on a thread of a bounded pool, so that it does not delay other calls.
    ///
    /// The pool has at most [`Limits::max_blocking_threads`](crate::Limits::max_blocking_threads)
    /// threads.
    ///
    /// Cancel safety: if the future is dropped before a thread starts the work, the work never
    /// runs. Otherwise it runs to its end, and its result is dropped.
    ///
    /// ```
    /// use mcp_server::{Context, ToolError, tool};
    ///
    /// /// Count the lines of a file.
    /// #[tool]
    /// async fn count_lines(path: String, ctx: &Context) -> Result<usize, ToolError> {
    ///     let text = ctx.blocking(move || std::fs::read_to_string(path)).await;
    ///     Ok(text.map_err(|error| ToolError::new(error.message()))??.lines().count())
    /// }
    /// # use mcp_server::{Server, routes};
    /// # let server = Server::builder("files", "1.0.0").routes(routes![count_lines]);
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = mcp_server::test::client(server).await;
    /// # client.call("count_lines", serde_json::json!({ "path": "/no/such" })).await.assert_error("o such");
    /// # });
    /// ```
    ///
    /// # Errors
    /// −32603 if `work` panics, or no thread can be started.
    pub fn blocking<R: Send + 'static, F: FnOnce() -> R + Send + 'static>(
        &self,
        work: F,
    ) -> impl Future<Output = Result<R, ErrorObject>> + Send + use<R, F> {
        self.0.environment.blocking.run(work)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("request_id", &self.0.id)
            .field("revision", &self.0.revision)
            .finish_non_exhaustive()
    }
}

/// A call that [extractors](crate::extract) take their values from.
pub trait HandlerCall: Send + 'static {
    /// Returns the context of the call.
    fn context(&self) -> &Context;
}

/// The future of a handler.
pub type HandlerFuture<T> = BoxFuture<'static, Result<T, ErrorObject>>;
