//! Routes of any kind, and the values that provide them.

use std::sync::Arc;

use crate::prompt::PromptRoute;
use crate::resource::ResourceRoute;
use crate::tool::ToolRoute;

/// Several routes at once: what [`routes!`](crate::routes) lists, and what an `impl` block under
/// [`#[tools]`](macro@crate::tools) provides.
#[derive(Debug, Default)]
pub struct Routes {
    /// Tools.
    pub tools: Vec<ToolRoute>,
    /// Prompts.
    pub prompts: Vec<PromptRoute>,
    /// Resources and templates.
    pub resources: Vec<ResourceRoute>,
}

/// A value whose methods are tools, prompts and resources. `#[tools]` implements it.
pub trait Provider: Send + Sync + 'static {
    /// The routes, each of which holds the value.
    fn routes(self: &Arc<Self>) -> Routes;
}
