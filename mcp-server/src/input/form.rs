//! A form and its answer.

use mcp_core::types::ElicitSchema;
use serde::de::DeserializeOwned;

use crate::questions::{AskError, AskErrorKind};

/// A type that a user can fill in: a flat object of texts, numbers, booleans and choices.
///
/// [`#[derive(Elicit)]`](derive@crate::Elicit) implements it; so can you:
///
/// ```
/// use mcp_server::input::Form;
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a form",
    label = "not a form that a user can fill in",
    note = "derive `serde::Deserialize` and `mcp_server::Elicit` for a struct of your own"
)]
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

impl<T> Answer<T> {
    /// The value, where declining and cancelling are errors.
    ///
    /// # Errors
    /// [`AskErrorKind::Declined`] and [`AskErrorKind::Cancelled`].
    pub fn accepted(self) -> Result<T, AskError> {
        match self {
            Self::Accept(value) => Ok(value),
            Self::Decline => Err(AskError::new(AskErrorKind::Declined, "")),
            Self::Cancel => Err(AskError::new(AskErrorKind::Cancelled, "")),
        }
    }
}
