//! `#[arg(complete = ["draft", "final"])]`: completion from a list that is known beforehand.

use mcp_core::types::Completion;

/// The entries which begin as the user began, without regard to case.
#[must_use]
pub fn complete_from(typed: &str, choices: &[&str]) -> Completion {
    let begins = |choice: &&&str| {
        choice.get(..typed.len()).is_some_and(|head| head.eq_ignore_ascii_case(typed))
    };
    Completion::of(choices.iter().filter(begins).copied())
}
