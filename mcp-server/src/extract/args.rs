//! The arguments of a call as one typed value.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::{Extract, Rejection};
use crate::prompt::PromptCall;
use crate::resource::ResourceCall;
use crate::tool::{ToolCall, decode};

/// The arguments of a tool, or of a prompt, or the variables of a resource template.
///
/// ```
/// use mcp_server::{Args, ToolRoute};
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Add {
///     /// First addend.
///     a: i64,
///     /// Second addend.
///     b: i64,
/// }
///
/// let add = ToolRoute::builder("add")
///     .description("Add two numbers.")
///     .handler(|Args(Add { a, b }): Args<Add>| async move { (a + b).to_string() });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Args<T>(pub T);

impl<T: DeserializeOwned + JsonSchema> Extract<ToolCall> for Args<T> {
    fn extract(call: &ToolCall) -> Result<Self, Rejection> {
        Ok(Self(decode(call, &[])?))
    }
}

impl<T: DeserializeOwned> Extract<PromptCall> for Args<T> {
    fn extract(call: &PromptCall) -> Result<Self, Rejection> {
        Ok(Self(super::text::from_texts(call.arguments())?))
    }
}

impl<T: DeserializeOwned> Extract<ResourceCall> for Args<T> {
    fn extract(call: &ResourceCall) -> Result<Self, Rejection> {
        Ok(Self(super::text::from_texts(call.variables())?))
    }
}
