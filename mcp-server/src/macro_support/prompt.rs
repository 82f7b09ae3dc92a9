//! The arguments of prompts, described by their types.

use super::TextArgument;
use mcp_core::types::PromptArgument;

use crate::extract::is_optional;

/// The description of one argument of a prompt.
#[must_use]
pub fn prompt_argument<T: TextArgument>(
    name: &'static str,
    description: Option<&'static str>,
    has_default: bool,
) -> PromptArgument {
    let argument = PromptArgument::new(name).required(!has_default && !is_optional::<T>());
    match description {
        Some(text) => argument.description(text),
        None => argument,
    }
}
