//! Prompts: routes from a name to a function that returns messages. Spec: server/prompts.

mod reply;
mod route;

pub use reply::IntoPromptResult;
pub use route::{PromptBuilder, PromptCall, PromptFuture, PromptRoute};
