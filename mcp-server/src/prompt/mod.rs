//! Prompts: the route from a name to a function that writes messages. Spec: server/prompts.

mod reply;
mod route;

pub use reply::IntoPromptResult;
pub use route::{PromptBuilder, PromptCall, PromptFuture, PromptRoute};
