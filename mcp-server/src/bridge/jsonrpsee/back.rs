//! A server as a module of jsonrpsee.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jsonrpsee_core::server::{Extensions, RpcModule};
use jsonrpsee_types::error::{CALL_EXECUTION_FAILED_CODE, SERVER_IS_BUSY_CODE};
use jsonrpsee_types::{ErrorObjectOwned, Params};
use mcp_core::json::{JsonBytes, RawJson, member_ranges};
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::meta;
use mcp_core::method::notification::Initialized;
use mcp_core::method::{Initialize, Method as _, NotificationMethod as _, ToolsCall, ToolsList};
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{
    Accept as _, CallError, Conversation, Notification, Reply, Request, Service,
};
use mcp_core::transport::TransportErrorKind;
use mcp_core::transport::memory::{self, Link};
use mcp_core::types::{
    CallToolResult, ClientCapabilities, Content, Implementation, InitializeParams,
};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::error::ERROR_CODE;
use crate::auth::Principal;
use crate::error::BuildError;
use crate::server::Server;

/// What the name of a tool's method starts with.
const PREFIX: &str = "tool.";

/// How long the first call waits until the server answers `initialize`. Fixed: the server is in
/// this process, and only a layer of it can delay the answer.
const INITIALIZE_TIMEOUT: Duration = Duration::from_secs(60);

/// Makes a jsonrpsee module of a server, which an ordinary jsonrpsee server can serve.
///
/// | method | parameters | result |
/// |---|---|---|
/// | `tool.` and the name of a tool | the arguments, by name, or by position in the order of the input schema | see below |
/// | `tools/list` | `cursor`, or nothing | as in MCP |
/// | `tools/call` | `name` and `arguments` | as in MCP, errors of tools included |
///
/// The result of `tool.…` is the structured content of the tool. Without it, it is the text of a
/// tool that returns one text, `null` if it returns nothing, or else the array of content blocks.
/// A result with `isError` becomes the error −32000 with its text and its structured content as
/// data; that of a tool of [`RpcTools`](super::RpcTools) becomes the error that the method had.
/// Protocol errors keep code, message and data.
///
/// Tools that are added later are reached by `tools/call` only. A tool cannot ask the user, since a
/// JSON-RPC caller has no handler: such a call fails with −32021. Progress and log messages are
/// dropped. The names of methods stay in memory until the process ends, as jsonrpsee demands.
///
/// **Access.** The server is called as over stdio: access tokens are not checked. The caller is the
/// [`Principal`] in the `Extensions` of the call, which a middleware of the jsonrpsee server can
/// insert, or else the [local one](crate::ServerBuilder::local_principal). Without either, scopes
/// are not checked. The limits are those of one
/// [connection](crate::ConnectionLimits), which all callers share.
///
/// ```
/// use mcp_server::bridge::jsonrpsee::RpcModuleBuilder;
/// use mcp_server::{Server, routes, tool};
///
/// /// Add two numbers.
/// #[tool]
/// async fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Server::builder("calculator", "1.0.0").routes(routes![add]).build()?;
/// let module = RpcModuleBuilder::new(server).build()?;
/// let sum: i64 = module.call("tool.add", (1, 2)).await?;
/// assert_eq!(sum, 3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is served until the module is built and passed to a server"]
pub struct RpcModuleBuilder {
    server: Server,
    prefix: String,
}

impl RpcModuleBuilder {
    /// Creates a builder from a server.
    pub fn new(server: Server) -> Self {
        Self { server, prefix: PREFIX.to_owned() }
    }

    /// Sets what the names of the tools' methods start with. Default: `tool.`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Builds the module, with the tools that the server has now.
    ///
    /// # Errors
    /// If two methods have the same name, which only a prefix can cause.
    pub fn build(self) -> Result<RpcModule<()>, BuildError> {
        let registry = self.server.definition.live.registry();
        let caller = Arc::new(Caller::new(self.server));
        let mut module = RpcModule::new(());
        for route in registry.tools.iter() {
            let tool: Arc<str> = route.name().into();
            let arguments: Arc<[String]> =
                argument_names(&route.describe().input_schema.as_value());
            let name = format!("{}{tool}", self.prefix).leak();
            let caller = Arc::clone(&caller);
            let registered = module.register_async_method(name, move |params, _, extensions| {
                let (caller, tool) = (Arc::clone(&caller), Arc::clone(&tool));
                let arguments = Arc::clone(&arguments);
                async move {
                    let arguments = named(&params, &arguments)?;
                    let result = caller.call_tool(&tool, arguments, &extensions).await?;
                    value_of(&result)
                }
            });
            registered.map_err(|_| duplicate(name))?;
        }
        let list = Arc::clone(&caller);
        let registered =
            module.register_async_method(ToolsList::NAME, move |params, _, extensions| {
                let list = Arc::clone(&list);
                async move { list.list_tools(&params, &extensions).await }
            });
        registered.map_err(|_| duplicate(ToolsList::NAME))?;
        let registered =
            module.register_async_method(ToolsCall::NAME, move |params, _, extensions| {
                let caller = Arc::clone(&caller);
                async move { caller.call_any(&params, &extensions).await }
            });
        registered.map_err(|_| duplicate(ToolsCall::NAME))?;
        Ok(module)
    }
}

fn duplicate(name: &str) -> BuildError {
    let reason = "two methods of the module have this name; choose another \
                  RpcModuleBuilder::prefix";
    BuildError::Invalid { kind: "method", name: name.to_owned(), reason: reason.to_owned() }
}

/// Returns the names of the properties of a schema, in their order.
fn argument_names(schema: &Value) -> Arc<[String]> {
    let properties = schema["properties"].as_object();
    properties.into_iter().flat_map(Map::keys).cloned().collect()
}

/// What the result of a method is: text of JSON.
type RpcResult = Result<Box<RawValue>, ErrorObjectOwned>;

/// Calls the server.
struct Caller {
    server: Server,
    /// Opened by the first call: it needs a runtime.
    link: OnceCell<Link>,
    /// The `_meta` of each request. `None` in a session.
    meta: Option<String>,
    next_id: AtomicI64,
}

impl Caller {
    fn new(server: Server) -> Self {
        let newest = server.definition.revisions.iter().copied().max();
        let modern = newest.filter(|revision| revision.era() == Era::Modern);
        let meta = modern.map(|revision| {
            let mut members = Map::new();
            members.insert(meta::PROTOCOL_VERSION.to_owned(), json!(revision.as_str()));
            members.insert(meta::CLIENT_INFO.to_owned(), json!(client_info()));
            members.insert(meta::CLIENT_CAPABILITIES.to_owned(), json!({}));
            Value::Object(members).to_string()
        });
        Self { server, link: OnceCell::new(), meta, next_id: AtomicI64::new(1) }
    }

    async fn list_tools(&self, params: &Params<'_>, extensions: &Extensions) -> RpcResult {
        let [cursor] = members(params, ["cursor"])?;
        let params = [("cursor", cursor)];
        let result = self.request(ToolsList::NAME, params, extensions).await?;
        raw(result.as_str())
    }

    async fn call_any(&self, params: &Params<'_>, extensions: &Extensions) -> RpcResult {
        let [name, arguments] = members(params, ["name", "arguments"])?;
        let name = name.ok_or_else(|| ErrorObject::invalid_params("/name: it is required"))?;
        let params = [("name", Some(name)), ("arguments", arguments)];
        let result = self.request(ToolsCall::NAME, params, extensions).await?;
        raw(result.as_str())
    }

    async fn call_tool(
        &self,
        tool: &str,
        arguments: String,
        extensions: &Extensions,
    ) -> Result<CallToolResult, ErrorObjectOwned> {
        let params = [("name", Some(json!(tool).to_string())), ("arguments", Some(arguments))];
        let result = self.request(ToolsCall::NAME, params, extensions).await?;
        CallToolResult::from_json(result.as_str())
            .map_err(|error| crate::error::internal("reading the result of a tool", &error).into())
    }

    /// Sends a request. Dropping the future cancels it.
    async fn request<const N: usize>(
        &self,
        method: &'static str,
        params: [(&str, Option<String>); N],
        extensions: &Extensions,
    ) -> Result<JsonBytes, ErrorObjectOwned> {
        let members = params.into_iter().chain([("_meta", self.meta.clone())]);
        let members = members.filter_map(|(name, value)| Some((name, value?)));
        let params = object(members);
        let link = self.link.get_or_try_init(|| self.open()).await.map_err(refused)?;
        let mut request = self.new_request(method, JsonBytes::from_trusted(params));
        if let Some(principal) = extensions.get::<Principal>() {
            request.extensions.insert(principal.clone());
        }
        link.first().call(request).await.map_err(refused)
    }

    fn new_request(&self, method: &'static str, params: JsonBytes) -> Request {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        Request::new(id.into(), method, params)
    }

    /// Opens the conversation with the server, and a session if the server has no other way.
    async fn open(&self) -> Result<Link, CallError> {
        let limits = self.server.limits();
        let link = memory::connect(&limits, |peer| self.server.accept(peer), &limits, |_| NoClient);
        if self.meta.is_none() {
            let revisions = self.server.definition.revisions.iter();
            let revision = revisions.copied().max().unwrap_or(Revision::LATEST_LEGACY);
            let params =
                InitializeParams::new(revision.as_str(), ClientCapabilities::new(), client_info());
            let params = JsonBytes::new(&params)
                .map_err(|error| crate::error::internal("encoding initialize", &error))?;
            let client = link.first();
            let answer = client.call(self.new_request(Initialize::NAME, params));
            match timeout(INITIALIZE_TIMEOUT, answer).await {
                Ok(answer) => drop(answer?),
                Err(late) => return Err(crate::error::internal("opening a session", &late).into()),
            }
            client.notify(Notification::new(Initialized::NAME, JsonBytes::empty_object())).await;
        }
        Ok(link)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("server", &self.server).finish_non_exhaustive()
    }
}

fn client_info() -> Implementation {
    Implementation::new("jsonrpsee", env!("CARGO_PKG_VERSION"))
}

/// The client, which can do nothing.
struct NoClient;

impl Service for NoClient {
    async fn call(&self, request: Request) -> Reply {
        Err(ErrorObject::method_not_found(&request.method).into())
    }

    async fn notify(&self, _: Notification) {}
}

impl Conversation for NoClient {}

/// Converts an error of the protocol.
fn refused(error: CallError) -> ErrorObjectOwned {
    match error {
        CallError::Peer(error) => error.into(),
        CallError::Transport(error) if error.kind() == TransportErrorKind::Overloaded => {
            ErrorObjectOwned::owned(SERVER_IS_BUSY_CODE, error.to_string(), None::<()>)
        }
        error => crate::error::internal("calling the server", &error).into(),
    }
}

/// Returns the texts of named members of the parameters, which may come by position.
fn members<const N: usize>(
    params: &Params<'_>,
    names: [&'static str; N],
) -> Result<[Option<String>; N], ErrorObject> {
    let text = params.as_str().unwrap_or("{}");
    if text.starts_with('[') {
        let mut values = elements(text)?.into_iter();
        return Ok(names.map(|_| values.next().map(|value| value.get().to_owned())));
    }
    let ranges = member_ranges(text, names)
        .map_err(|error| ErrorObject::invalid_params(error.to_string()))?;
    Ok(ranges.map(|range| range.and_then(|range| text.get(range)).map(str::to_owned)))
}

/// Returns the arguments of a tool as an object.
fn named(params: &Params<'_>, names: &[String]) -> Result<String, ErrorObject> {
    let text = params.as_str().unwrap_or("{}");
    if !text.starts_with('[') {
        return Ok(text.to_owned());
    }
    let values = elements(text)?;
    if values.len() > names.len() {
        let (given, known) = (values.len(), names.len());
        let message = format!("{given} parameters by position, and the tool has {known}");
        return Err(ErrorObject::invalid_params(message));
    }
    Ok(object(names.iter().zip(values)))
}

/// Returns the text of an object whose values are texts of JSON.
fn object(members: impl IntoIterator<Item = (impl AsRef<str>, impl fmt::Display)>) -> String {
    let members =
        members.into_iter().map(|(name, value)| format!("{}:{value}", json!(name.as_ref())));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn elements(array: &str) -> Result<Vec<&RawValue>, ErrorObject> {
    serde_json::from_str(array).map_err(|error| crate::error::invalid_params(&error))
}

/// Returns the result of a method from that of a tool.
fn value_of(result: &CallToolResult) -> RpcResult {
    if result.failed() {
        return Err(error_of(result));
    }
    if let Some(structured) = &result.structured_content {
        return Ok(structured.as_raw_value().to_owned());
    }
    let value = match &result.content[..] {
        [] => RawJson::null(),
        [Content::Text(only)] => encoded(&only.text)?,
        blocks => encoded(blocks)?,
    };
    Ok(value.as_raw_value().to_owned())
}

/// Returns the error of a tool: that of the method, if it is a method of a module.
fn error_of(result: &CallToolResult) -> ErrorObjectOwned {
    let texts = result.content.iter().filter_map(|block| match block {
        Content::Text(block) => Some(block.text.as_str()),
        _ => None,
    });
    let text = texts.collect::<Vec<_>>().join("\n");
    let is_of_method = result.meta.as_ref().is_some_and(|meta| meta.get(ERROR_CODE).is_some());
    if is_of_method && let Ok(error) = serde_json::from_str::<ErrorObject>(&text) {
        return error.into();
    }
    let data = result.structured_content.as_ref();
    ErrorObjectOwned::owned(CALL_EXECUTION_FAILED_CODE, text, data)
}

fn encoded<T: serde::Serialize + ?Sized>(value: &T) -> Result<RawJson, ErrorObject> {
    RawJson::new(value).map_err(|error| crate::error::internal("encoding a result", &error))
}

fn raw(text: &str) -> RpcResult {
    RawValue::from_string(text.to_owned())
        .map_err(|error| crate::error::internal("reading a result", &error).into())
}
