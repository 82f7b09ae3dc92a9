//! The form of an elicitation, and its answer.

use mcp_core::types::ElicitSchema;
use serde::de::DeserializeOwned;

use crate::questions::{AskError, AskErrorKind};

/// A type that a user can fill in: a flat object of strings, numbers, booleans and choices.
///
/// [`#[derive(Elicit)]`](derive@crate::Elicit) implements it. An implementation without the macro:
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
    note = "derive `serde::Deserialize` and `mcp_server::Elicit` for a struct"
)]
pub trait Form: DeserializeOwned + Send {
    /// Returns the schema of the form.
    fn schema() -> ElicitSchema;
}

/// What the user did with a question (`action`).
///
/// ```
/// use mcp_server::input::Answer;
///
/// fn text(answer: Answer<u8>) -> String {
///     match answer {
///         Answer::Accept(stars) => format!("{stars} stars"),
///         Answer::Decline => "no opinion".to_owned(),
///         Answer::Cancel => "not answered".to_owned(),
///     }
/// }
///
/// assert_eq!(text(Answer::Accept(5)), "5 stars");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// The user answered.
    Accept(T),
    /// The user declined.
    Decline,
    /// The user dismissed the question without a choice.
    Cancel,
}

impl<T> Answer<T> {
    /// Returns the value; declining and cancelling are errors.
    ///
    /// ```
    /// use mcp_server::input::{Answer, AskErrorKind};
    ///
    /// assert!(matches!(Answer::Accept(5).accepted(), Ok(5)));
    /// let error = Answer::<u8>::Decline.accepted().unwrap_err();
    /// assert!(matches!(error.kind(), AskErrorKind::Declined));
    /// ```
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
