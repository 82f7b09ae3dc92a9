//! Routes of any kind, and the values that provide them.

use std::sync::Arc;

use crate::prompt::PromptRoute;
use crate::resource::ResourceRoute;
use crate::tool::ToolRoute;

/// Routes of all kinds, from [`routes!`](crate::routes) or from an `impl` block under
/// [`#[tools]`](macro@crate::tools).
#[derive(Debug, Default)]
pub struct Routes {
    /// The tools.
    pub tools: Vec<ToolRoute>,
    /// The prompts.
    pub prompts: Vec<PromptRoute>,
    /// The resources and resource templates.
    pub resources: Vec<ResourceRoute>,
}

/// A value whose methods are tools, prompts and resources. [`#[tools]`](macro@crate::tools)
/// implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no tools, prompts or resources",
    label = "not a value whose methods are registered",
    note = "write `#[tools]` before an `impl` block of the type, and `#[tool]` before its methods",
    note = "functions are registered with `.routes(routes![first, second])`"
)]
pub trait Provider: Send + Sync + 'static {
    /// Returns the routes, each of which holds a reference to the value.
    fn routes(self: &Arc<Self>) -> Routes;
}
