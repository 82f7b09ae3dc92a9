//! The arguments of a call as one typed value.

/// The arguments of a tool or prompt, or the variables of a resource template.
///
/// ```
/// use mcp_server::extract::Args;
/// use mcp_server::tool::ToolRoute;
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
