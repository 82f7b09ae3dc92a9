//! Limits the size of results.

use std::fmt;
use std::sync::Arc;

use mcp_core::excess::{self, refusal, refused, shorten};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::method::{Method as _, PromptsGet, ResourcesRead, ToolsCall};
use mcp_core::service::{Notification, Reply, Request, Service};
use mcp_core::types::{
    CacheScope, CallToolResult, ReadResourceResult, ResourceContents, TextResourceContents,
};
use serde_json::json;
use tower_layer::Layer;

use super::caller::Caller;
use super::result_kind::ResultKind;
use super::spill::{Spill, SpillLimits, Text};
use super::target::text_member;
use crate::context::Context;

/// Minimum of the limit, in bytes: a note has to fit.
const SMALLEST: usize = 1_024;

/// Limits the size of the results of `tools/call`, `prompts/get` and `resources/read`, in bytes of
/// JSON. Models read results, and a large one may cost more than it is worth, or not fit at all.
///
/// What happens to a larger result of a tool is one of:
///
/// * [`ResponseSizeLayer::refuse`]: a tool error takes its place, which tells the model the sizes.
/// * [`ResponseSizeLayer::cut`]: its text is cut between two characters, and a note says so. Blocks
///   of content that do not fit are left out. A result with `structuredContent` is refused, because
///   a part of it would not have its schema.
/// * [`ResponseSizeLayer::spill`]: a link takes its place, with which the same caller can read all
///   of it (`resources/read`) for some time. The caller is its principal, or the connection over
///   other transports than HTTP; for another one the result is refused. A result with
///   `structuredContent` becomes a tool error with the link, because other results must have the
///   schema. Declare resources: `ServerBuilder::resources([])` is enough.
///
/// Larger results of `prompts/get` and `resources/read` are refused with −32603. Results of tasks,
/// which `tasks/get` returns, are not limited.
///
/// Results beyond
/// [`ConnectionLimits::max_outgoing_bytes`](crate::ConnectionLimits::max_outgoing_bytes) are refused
/// without this layer too.
///
/// ```
/// use mcp_server::Server;
/// use mcp_server::layer::{LayerExt as _, ResponseSizeLayer};
///
/// let server = Server::builder("search", "1.0.0")
///     .resources([])
///     .layer(ResponseSizeLayer::cut(64 << 10).except_tools(["export"]))
///     .layer(ResponseSizeLayer::spill(64 << 10).for_calls(|request| {
///         // The layer that spills answers the reads too.
///         request.method == "resources/read" || request.params.as_str().contains("export")
///     }));
/// ```
#[derive(Debug, Clone)]
pub struct ResponseSizeLayer {
    max_bytes: usize,
    excess: Excess,
}

/// What happens to a result that is too large.
#[derive(Clone)]
enum Excess {
    Refuse,
    Cut,
    Spill(Arc<Spill>),
}

impl ResponseSizeLayer {
    /// Creates a layer that refuses results of more than `max_bytes` bytes, at least 1,024.
    #[must_use]
    pub fn refuse(max_bytes: usize) -> Self {
        Self { max_bytes: max_bytes.max(SMALLEST), excess: Excess::Refuse }
    }

    /// Creates a layer that cuts results to `max_bytes` bytes, at least 1,024.
    #[must_use]
    pub fn cut(max_bytes: usize) -> Self {
        Self { max_bytes: max_bytes.max(SMALLEST), excess: Excess::Cut }
    }

    /// Creates a layer that keeps results of more than `max_bytes` bytes, at least 1,024, for some
    /// time.
    #[must_use]
    pub fn spill(max_bytes: usize) -> Self {
        Self::spill_with(max_bytes, SpillLimits::default())
    }

    /// Creates a layer that keeps results, with other limits.
    #[must_use]
    pub fn spill_with(max_bytes: usize, limits: SpillLimits) -> Self {
        let excess = Excess::Spill(Arc::new(Spill::new(limits)));
        Self { max_bytes: max_bytes.max(SMALLEST), excess }
    }
}

impl<S> Layer<S> for ResponseSizeLayer {
    type Service = ResponseSize<S>;

    fn layer(&self, inner: S) -> ResponseSize<S> {
        ResponseSize { inner, layer: self.clone() }
    }
}

/// The service of [`ResponseSizeLayer`].
#[derive(Debug, Clone)]
pub struct ResponseSize<S> {
    inner: S,
    layer: ResponseSizeLayer,
}

impl<S: Service> Service for ResponseSize<S> {
    async fn call(&self, request: Request) -> Reply {
        let is_tool = request.method == ToolsCall::NAME;
        if !is_tool && request.method != ResourcesRead::NAME && request.method != PromptsGet::NAME {
            return self.inner.call(request).await;
        }
        let context = Context::of(&request);
        let owner = Owner::of(&request, &self.layer.excess);
        if let Excess::Spill(spill) = &self.layer.excess
            && request.method == ResourcesRead::NAME
            && let (Some(context), Some(uri)) = (&context, text_member(&request, "uri"))
            && let Some(text) = spill.read(&uri, || Caller::of(&request))
        {
            return Ok(context.encode(contents(&uri, &text))?);
        }
        let result = self.inner.call(request).await?;
        if result.as_bytes().len() <= self.layer.max_bytes {
            return Ok(result);
        }
        match context {
            Some(context) if is_tool => self.layer.shrink(&context, owner, result),
            _ => Err(self.layer.error(result.as_bytes().len()).into()),
        }
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}

/// The caller, if something can be kept for it.
struct Owner(Option<Caller>);

impl Owner {
    fn of(request: &Request, excess: &Excess) -> Self {
        let caller = matches!(excess, Excess::Spill(_)).then(|| Caller::of(request));
        Self(caller.filter(Caller::is_one))
    }
}

impl ResponseSizeLayer {
    /// Returns what takes the place of a result of a tool.
    fn shrink(&self, context: &Context, owner: Owner, result: JsonBytes) -> Reply {
        let bytes = result.as_bytes().len();
        // Questions and tasks have limits of their own.
        if !matches!(ResultKind::of(&result), ResultKind::Complete | ResultKind::Failed) {
            return Ok(result);
        }
        let parsed: CallToolResult = match result.parse() {
            Ok(parsed) => parsed,
            Err(error) => {
                return Err(
                    crate::error::internal("reading a result that is too large", &error).into()
                );
            }
        };
        let mut owner = owner.0;
        let mut keep;
        let excess = match &self.excess {
            Excess::Refuse => excess::Excess::Refuse,
            Excess::Cut => excess::Excess::Cut,
            Excess::Spill(spill) => {
                keep = |text: String, mime_type| {
                    spill.keep(owner.take()?, Text { text: text.into(), mime_type })
                };
                excess::Excess::Keep(&mut keep)
            }
        };
        if let Some(shrunk) = shorten(parsed, (bytes, self.max_bytes), excess) {
            let encoded = context.encode(shrunk)?;
            if encoded.as_bytes().len() <= self.max_bytes {
                return Ok(encoded);
            }
        }
        Ok(context.encode(refused(bytes, self.max_bytes))?)
    }

    fn error(&self, bytes: usize) -> ErrorObject {
        let data = json!({ "bytes": bytes, "maxBytes": self.max_bytes });
        let message = refusal(bytes, self.max_bytes);
        ErrorObject::new(code::INTERNAL_ERROR, message).with_data(&data)
    }
}

fn contents(uri: &str, text: &Text) -> ReadResourceResult {
    let contents = TextResourceContents::new(uri, &*text.text).mime_type(text.mime_type);
    let mut result = ReadResourceResult::new([ResourceContents::Text(contents)]);
    result.cache_scope = Some(CacheScope::Private);
    result
}

impl fmt::Debug for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "Refuse",
            Self::Cut => "Cut",
            Self::Spill(_) => "Spill",
        })
    }
}
