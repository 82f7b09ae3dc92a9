//! A form and its answer.

use mcp_core::types::ElicitSchema;
use serde::de::DeserializeOwned;

/// A type that a user can fill in: a flat object of texts, numbers, booleans and choices.
///
/// ```
/// use mcp_server::Form;
/// use mcp_server::types::{BooleanSchema, ElicitSchema};
///
/// #[derive(serde::Deserialize)]
/// struct Confirm {
///     sure: bool,
/// }
///
/// impl Form for Confirm {
///     fn schema() -> ElicitSchema {
///         ElicitSchema::new().required_field("sure", BooleanSchema::new().title("Are you sure?"))
///     }
/// }
/// ```
pub trait Form: DeserializeOwned + Send {
    /// The form that is shown.
    fn schema() -> ElicitSchema;
}

/// What the user did with a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// Answered it.
    Accept(T),
    /// Said no.
    Decline,
    /// Closed it without a choice.
    Cancel,
}
