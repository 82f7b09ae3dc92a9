//! A request as telemetry sees it, and how it ended.

use std::borrow::Cow;

use crate::json::{JsonBytes, member_ranges};
use crate::jsonrpc::{MethodName, Params};
use crate::method::{
    Method as _, PromptsGet, ResourcesRead, ResourcesSubscribe, ResourcesUnsubscribe, ToolsCall,
};
use crate::revision::Revision;
use crate::service::{CallError, Reply};

/// The side of a request that records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The side that sends the request.
    Client,
    /// The side that answers it.
    Server,
}

/// What kind of thing a request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// The tool of `tools/call`.
    Tool,
    /// The prompt of `prompts/get`.
    Prompt,
    /// The URI of `resources/read`, `resources/subscribe` or `resources/unsubscribe`.
    Resource,
}

/// What a request names. The caller chose the name.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// What it is.
    pub kind: TargetKind,
    /// The name or the URI.
    pub name: String,
    /// Whether it is one of a limited number of names, so that metrics may have it as an
    /// attribute. A server knows its tools and prompts; other names, and URIs, can be any number.
    pub is_known: bool,
}

impl Target {
    /// Reads what a request names. `is_known` says whether a name is one of a limited number.
    pub fn of(
        method: &str,
        params: &Params,
        is_known: impl FnOnce(TargetKind, &str) -> bool,
    ) -> Option<Self> {
        let (kind, member) = match method {
            ToolsCall::NAME => (TargetKind::Tool, "name"),
            PromptsGet::NAME => (TargetKind::Prompt, "name"),
            ResourcesRead::NAME | ResourcesSubscribe::NAME | ResourcesUnsubscribe::NAME => {
                (TargetKind::Resource, "uri")
            }
            _ => return None,
        };
        let [text] = params.member_texts([member]).ok()?;
        let name: String = serde_json::from_str(text?).ok()?;
        let is_known = kind != TargetKind::Resource && is_known(kind, &name);
        Some(Self { kind, name, is_known })
    }
}

/// What carries the messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NetworkTransport {
    /// Streamable HTTP, or HTTP+SSE.
    Http,
    /// A byte stream, such as the standard streams of a process.
    Pipe,
}

impl NetworkTransport {
    /// Returns the value of `network.transport`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "tcp",
            Self::Pipe => "pipe",
        }
    }

    /// Returns the value of `network.protocol.name`.
    #[must_use]
    pub const fn protocol(self) -> Option<&'static str> {
        match self {
            Self::Http => Some("http"),
            Self::Pipe => None,
        }
    }
}

/// A request, as one of its sides sees it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Operation {
    /// The side that records it.
    pub side: Side,
    /// The method, which the method table or an extension has.
    pub method: MethodName,
    /// What the request names, if anything.
    pub target: Option<Target>,
    /// The revision of the protocol. `None` before it is known.
    pub revision: Option<Revision>,
    /// What carries the request. `None` between two sides in one process.
    pub transport: Option<NetworkTransport>,
    /// The host and the port of the server, on the side of a client over HTTP.
    pub server: Option<(String, u16)>,
}

impl Operation {
    /// Creates an operation of which only the method is known.
    pub fn new(side: Side, method: impl Into<MethodName>) -> Self {
        let method = method.into();
        Self { side, method, target: None, revision: None, transport: None, server: None }
    }

    /// Returns the name of its span: the method, and the name of the tool or prompt if it is one of
    /// a limited number.
    #[must_use]
    pub fn span_name(&self) -> String {
        match &self.target {
            Some(target) if target.is_known => format!("{} {}", &*self.method, target.name),
            _ => self.method.to_string(),
        }
    }

    pub(super) fn is_tool_call(&self) -> bool {
        *self.method == *ToolsCall::NAME
    }
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// With a result.
    Success,
    /// With the result of a tool that failed (`isError`).
    ToolError,
    /// With a JSON-RPC error of this code.
    Error(i32),
    /// The caller did not wait for the answer.
    Cancelled,
    /// The answer did not arrive in time.
    TimedOut,
    /// The connection failed.
    ConnectionFailed,
}

impl Outcome {
    pub(super) fn of(reply: &Reply, is_tool_call: bool) -> Self {
        match reply {
            Ok(result) if is_tool_call && is_tool_error(result) => Self::ToolError,
            Ok(_) => Self::Success,
            Err(CallError::Peer(error)) => Self::Error(error.code()),
            Err(CallError::Transport(_)) => Self::ConnectionFailed,
        }
    }

    /// Returns the value of `error.type`: the code of a JSON-RPC error, or a name. `None` for
    /// success.
    #[must_use]
    pub fn error_type(self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Success => return None,
            Self::ToolError => "tool_error".into(),
            Self::Error(code) => code.to_string().into(),
            Self::Cancelled => "cancelled".into(),
            Self::TimedOut => "timeout".into(),
            Self::ConnectionFailed => "connection_failed".into(),
        })
    }

    /// Returns the code of a JSON-RPC error.
    #[must_use]
    pub const fn code(self) -> Option<i32> {
        match self {
            Self::Error(code) => Some(code),
            _ => None,
        }
    }
}

fn is_tool_error(result: &JsonBytes) -> bool {
    let text = result.as_str();
    let [is_error] = member_ranges(text, ["isError"]).unwrap_or_default();
    is_error.and_then(|range| text.get(range)) == Some("true")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jsonrpc::ErrorObject;

    #[test]
    fn an_outcome_has_the_error_type_of_the_conventions() {
        let result = |text: &str| Ok(JsonBytes::from_trusted(text));
        let failed = result(r#"{"content":[{"isError":false}],"isError":true}"#);
        assert_eq!(Outcome::of(&failed, true).error_type().as_deref(), Some("tool_error"));
        assert_eq!(Outcome::of(&failed, false), Outcome::Success);
        let worked = result(r#"{"content":[{"isError":true}],"isError":false}"#);
        assert_eq!(Outcome::of(&worked, true), Outcome::Success);
        let refused = Outcome::of(&Err(ErrorObject::invalid_params("x").into()), true);
        assert_eq!(
            (refused.error_type().as_deref(), refused.code()),
            (Some("-32602"), Some(-32602))
        );
    }

    #[test]
    fn only_names_of_a_limited_number_are_in_the_name_of_a_span() {
        let named = |method: &'static str, params: &str| {
            let params = Params::from(JsonBytes::from_trusted(params));
            let target = Target::of(method, &params, |_, name| name == "known");
            Operation { target, ..Operation::new(Side::Server, method) }.span_name()
        };
        assert_eq!(named(ToolsCall::NAME, r#"{"name":"known"}"#), "tools/call known");
        assert_eq!(named(PromptsGet::NAME, r#"{"name":"known"}"#), "prompts/get known");
        assert_eq!(named(ToolsCall::NAME, r#"{"name":"invented"}"#), "tools/call");
        assert_eq!(named(ToolsCall::NAME, r#"{"name":1}"#), "tools/call");
        assert_eq!(named(ResourcesRead::NAME, r#"{"uri":"known"}"#), "resources/read");
    }
}
