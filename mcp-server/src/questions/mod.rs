//! The input requests of one call ("questions"): what it asked, the answers it has, and the journal
//! that the client stores until it repeats the call.
//!
//! `identity` distinguishes questions, `journal` is the content of `requestState`, and `round` is
//! the state of a running call. [`input`](crate::input) sends the questions to the client.

mod error;
mod identity;
mod journal;
mod round;

pub use error::{AskError, AskErrorKind};
pub(crate) use identity::QuestionSource;
#[cfg(feature = "tasks")]
pub(crate) use journal::SentQuestion;
pub(crate) use journal::{Journal, StoredAnswer};
pub(crate) use round::{CallQuestions, ReturnedQuestions, Round, RoundState};
