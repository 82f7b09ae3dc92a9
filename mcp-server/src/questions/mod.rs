//! The questions of one call: what it asked, which answers it has, and what it has to remember
//! until the client sends it again.
//!
//! `identity` tells questions apart, `journal` is what travels in `requestState`, `round` is what a
//! running call knows of both. How a question reaches the client is the business of
//! [`input`](crate::input).

mod error;
mod identity;
mod journal;
mod round;

pub use error::{AskError, AskErrorKind};
pub(crate) use identity::{QuestionSource, hex};
pub(crate) use journal::{Answered, Journal};
pub(crate) use round::{CallQuestions, Returned, Round};
