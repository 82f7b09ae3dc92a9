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
    #[must_use]
    pub fn id(&self) -> &RequestId {
        &self.id
    }

    /// What the host calls the server: its name in the [`ClientGroup`](crate::ClientGroup) that it
    /// was first added to, or else [`ClientBuilder::server_name`], or else the URL without its
    /// query, or else what the server calls itself. Empty if it has none of them.
    ///
    /// [`ClientBuilder::server_name`]: crate::ClientBuilder::server_name
    #[must_use]
    pub fn server_name(&self) -> &str {
        self.server.name()
    }

    /// Who the server says it is; `None` before the handshake is done, and of a server that does
    /// not say so. It is not verified, see [`Client::server_info`](crate::Client::server_info).
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
    #[must_use]
    pub fn call(&self) -> Option<&OriginatingCall> {
        self.call.as_ref()
    }

    /// The `_meta` of the question.
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
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The tool or prompt that is called, or the URI of the resource, by the server's own name for
    /// it; `None` for other methods, and for a task that was resumed.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        let member = method::find(&self.method)?.name_param?;
        let [name] = self.params.members([member]).ok()?;
        name?.parse().ok()
    }

    /// The value of this type that the host put on the call with [`Call::tag`](crate::Call::tag).
    #[must_use]
    pub fn tag<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.tags.get()
    }

    /// The id of the task that the server runs the call as; `None` if it is not a task.
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
