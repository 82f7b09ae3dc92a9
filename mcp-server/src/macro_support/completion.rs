//! `#[arg(complete = ["draft", "final"])]`: completion from a fixed list.

use mcp_core::types::Completion;

/// Returns the choices that start with what the user has typed, ignoring ASCII case.
#[must_use]
pub fn complete_from(typed: &str, choices: &[&str]) -> Completion {
    let matches = |choice: &&&str| {
        choice.get(..typed.len()).is_some_and(|head| head.eq_ignore_ascii_case(typed))
    };
    Completion::of(choices.iter().filter(matches).copied())
}
