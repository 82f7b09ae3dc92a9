//! What a handler knows about a question of the server beside its parameters: who asks, and for
//! which call of the host.

use std::fmt;
use std::sync::{Arc, OnceLock};

use mcp_core::extensions::Extensions;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{MethodName, RequestId};
use mcp_core::meta::Meta;
use mcp_core::method;
use mcp_core::types::Implementation;

/// A question of a server, as a handler sees it: [`ClientBuilder::on_elicit_with`] and its siblings
/// pass it beside the parameters.
///
/// ```
/// use mcp_client::Client;
/// use mcp_client::types::ElicitResult;
///
/// /// What the host calls a turn of its conversation.
/// struct Turn(u64);
///
/// let builder = Client::builder().on_elicit_with(|form, question| async move {
///     let turn = question.call().and_then(|call| call.tag::<Turn>()).map(|turn| turn.0);
///     eprintln!("{} asks in turn {turn:?}: {}", question.server_name(), form.message);
///     Ok(ElicitResult::decline())
/// });
/// # async fn example(client: mcp_client::Client) -> Result<(), mcp_client::Error> {
/// client.call_tool("deploy", &()).tag(Turn(7)).await?;
/// # Ok(())
/// # }
/// ```
///
/// [`ClientBuilder::on_elicit_with`]: crate::ClientBuilder::on_elicit_with
#[derive(Clone)]
pub struct Question {
    id: RequestId,
    server: Arc<ServerIdentity>,
    call: Option<OriginatingCall>,
    meta: Option<Meta>,
}

impl Question {
    pub(crate) fn new(
        id: RequestId,
        server: &Arc<ServerIdentity>,
        call: Option<OriginatingCall>,
        params: &JsonBytes,
    ) -> Self {
        let meta = params.members(["_meta"]).ok().and_then(|[meta]| meta?.parse().ok());
        Self { id, server: Arc::clone(server), call, meta }
    }

    /// The id of the question. In the legacy era it is the id of the server's request, which no
    /// other open question of the connection has. In the modern era it is the key of the question,
    /// which no other question of the same round, or of the same task, has.
    ///
    /// ```
    /// use mcp_client::Client;
    /// use mcp_client::types::ElicitResult;
    ///
    /// let builder = Client::builder().on_elicit_with(|form, question| async move {
    ///     tracing::info!(id = %question.id(), form.message, "a question");
    ///     Ok(ElicitResult::decline())
    /// });
    /// ```
    #[must_use]
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// What the host calls the server: its name in the [`ClientGroup`](crate::ClientGroup) that it
    /// was first added to, or else [`ClientBuilder::server_name`], or else the URL without its
    /// query, or else what the server calls itself. Empty if it has none of them.
    ///
    /// ```
    /// use mcp_client::Client;
    /// use mcp_client::types::ElicitResult;
    ///
    /// let builder = Client::builder().server_name("work notes");
    /// let builder = builder.on_elicit_with(|form, question| async move {
    ///     eprintln!("{} asks: {}", question.server_name(), form.message); // "work notes asks: …"
    ///     Ok(ElicitResult::decline())
    /// });
    /// ```
    ///
    /// [`ClientBuilder::server_name`]: crate::ClientBuilder::server_name
    #[must_use]
    pub fn server_name(&self) -> &str {
        self.server.name()
    }

    /// Who the server says it is; `None` before the handshake is done, and of a server that does
    /// not say so. It is not verified, see [`Client::server_info`](crate::Client::server_info).
    ///
    /// ```
    /// use mcp_client::Client;
    /// use mcp_client::types::ElicitResult;
    ///
    /// let builder = Client::builder().on_elicit_with(|_, question| async move {
    ///     let version = question.server_info().map(|info| info.version.as_str());
    ///     eprintln!("version {}", version.unwrap_or("unknown"));
    ///     Ok(ElicitResult::decline())
    /// });
    /// ```
    #[must_use]
    pub fn server_info(&self) -> Option<&Implementation> {
        self.server.info.get()
    }

    /// The call of the host that the server asks for; `None` if that is not known.
    ///
    /// In the modern era a question is a result of its call, so the call is known. In the legacy
    /// era it is a request. Over Streamable HTTP it belongs to the call on whose stream it arrives,
    /// and to none if it arrives on the stream of the session. On all other transports a request
    /// does not say what it belongs to: it is taken for one of the only call in flight in which the
    /// server may ask, and with several of them the call is not known.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// use mcp_client::Client;
    /// use mcp_client::types::ElicitResult;
    ///
    /// let builder = Client::builder().on_elicit_with(|_, question| async move {
    ///     let call = question.call().expect("the call is known in the modern era");
    ///     assert_eq!((call.method(), call.name().as_deref()), ("tools/call", Some("delete")));
    ///     Ok(ElicitResult::decline())
    /// });
    /// let client = builder.connect(reader, writer).await?;
    /// client.call_tool("delete", &()).await?;
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn call(&self) -> Option<&OriginatingCall> {
        self.call.as_ref()
    }

    /// The `_meta` of the question.
    ///
    /// ```
    /// use mcp_client::Client;
    /// use mcp_client::types::ElicitResult;
    ///
    /// let builder = Client::builder().on_elicit_with(|_, question| async move {
    ///     let urgent = question.meta().and_then(|meta| meta.read::<bool>("com.example/urgent"));
    ///     eprintln!("{}", if urgent == Some(true) { "now!" } else { "when you have time" });
    ///     Ok(ElicitResult::decline())
    /// });
    /// ```
    #[must_use]
    pub fn meta(&self) -> Option<&Meta> {
        self.meta.as_ref()
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question")
            .field("id", &self.id)
            .field("server", &self.server_name())
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}

/// The call of the host for which a server asks.
///
/// ```
/// use mcp_client::OriginatingCall;
///
/// /// What the user sees above a form.
/// fn title(call: &OriginatingCall) -> String {
///     match call.name() {
///         Some(name) => format!("{name} asks"),
///         None => format!("{} asks", call.method()),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct OriginatingCall {
    method: MethodName,
    /// The params as they were sent; without those of the protocol for a task that was resumed.
    params: JsonBytes,
    tags: Extensions,
    task: Option<Arc<str>>,
}

impl OriginatingCall {
    pub(crate) fn new(method: MethodName, params: JsonBytes, tags: Extensions) -> Self {
        Self { method, params, tags, task: None }
    }

    /// The same call, which has become a task.
    pub(crate) fn in_task(mut self, id: &str) -> Self {
        self.task = Some(id.into());
        self
    }

    /// The method, such as `tools/call`.
    ///
    /// ```
    /// use mcp_client::OriginatingCall;
    ///
    /// fn is_of_tool(call: &OriginatingCall) -> bool {
    ///     call.method() == "tools/call"
    /// }
    /// ```
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The tool or prompt that is called, or the URI of the resource, by the server's own name for
    /// it; `None` for other methods, and for a task that was resumed.
    ///
    /// ```
    /// use mcp_client::OriginatingCall;
    ///
    /// /// Whether the user has allowed the tool to ask.
    /// fn may_ask(call: &OriginatingCall, allowed: &[String]) -> bool {
    ///     call.name().is_some_and(|name| allowed.contains(&name))
    /// }
    /// ```
    #[must_use]
    pub fn name(&self) -> Option<String> {
        let member = method::find(&self.method)?.name_param?;
        let [name] = self.params.members([member]).ok()?;
        name?.parse().ok()
    }

    /// The value of this type that the host put on the call with [`Call::tag`](crate::Call::tag).
    ///
    /// ```
    /// use mcp_client::{OriginatingCall, Question};
    ///
    /// /// The window of a conversation.
    /// struct Window(u32);
    ///
    /// /// Where the question is shown.
    /// fn window(question: &Question) -> Option<u32> {
    ///     question.call().and_then(OriginatingCall::tag::<Window>).map(|window| window.0)
    /// }
    /// ```
    #[must_use]
    pub fn tag<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.tags.get()
    }

    /// The id of the task that the server runs the call as; `None` if it is not a task.
    ///
    /// ```
    /// use mcp_client::OriginatingCall;
    ///
    /// /// A question of a call is for the user who waits, one of a task for the list of tasks.
    /// fn is_in_the_foreground(call: &OriginatingCall) -> bool {
    ///     call.task_id().is_none()
    /// }
    /// ```
    #[must_use]
    pub fn task_id(&self) -> Option<&str> {
        self.task.as_deref()
    }
}

impl fmt::Debug for OriginatingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OriginatingCall")
            .field("method", &self.method)
            .field("name", &self.name())
            .field("task", &self.task)
            .finish_non_exhaustive()
    }
}

/// What a server is called.
#[derive(Debug, Default)]
pub(crate) struct ServerIdentity {
    /// By the builder, or the URL.
    given: Option<String>,
    /// By the first group that it was added to.
    in_group: OnceLock<Arc<str>>,
    /// By itself.
    info: OnceLock<Implementation>,
}

impl ServerIdentity {
    pub(crate) fn new(given: Option<String>) -> Self {
        Self { given, ..Self::default() }
    }

    /// The server was added to a group.
    pub(crate) fn joined(&self, name: &Arc<str>) {
        let _ = self.in_group.set(Arc::clone(name)); // The first group counts.
    }

    /// The server has said who it is.
    pub(crate) fn introduced(&self, info: Option<&Implementation>) {
        if let Some(info) = info {
            let _ = self.info.set(info.clone());
        }
    }

    fn name(&self) -> &str {
        let named = self.in_group.get().map(|name| &**name).or(self.given.as_deref());
        named.or_else(|| self.info.get().map(|info| &*info.name)).unwrap_or_default()
    }
}
