//! What a call names: a tool, a prompt, a resource or a task.

use std::borrow::Cow;

use mcp_core::method::{Method as _, ToolsCall};
use mcp_core::service::Request;

use crate::context::Context;
use crate::json_text::read_text;
use crate::registry::Registry;

/// Returns the name of the tool that is called. `None` for other methods, and for parameters
/// without a name, which the router refuses.
pub(super) fn tool_name(request: &Request) -> Option<Cow<'_, str>> {
    if request.method != ToolsCall::NAME {
        return None;
    }
    text_member(request, "name")
}

/// Returns the name of the tool that is called, if the server has the tool.
pub(super) fn known_tool(request: &Request) -> Option<Cow<'_, str>> {
    let context = Context::of(request)?;
    let registry = context.call().snapshot.downcast_ref::<Registry>()?;
    tool_name(request).filter(|name| registry.tools.get(name).is_some())
}

/// Returns a member of the parameters that is a string.
pub(super) fn text_member<'a>(request: &'a Request, name: &'static str) -> Option<Cow<'a, str>> {
    let [text] = request.params.member_texts([name]).ok()?;
    read_text(text?).ok()
}
