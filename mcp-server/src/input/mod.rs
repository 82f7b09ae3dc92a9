//! Asking the client in the middle of a handler: elicitation, sampling, roots.
//!
//! In the legacy era each is a request on the session, awaited where it stands. Everything goes through
//! [`Context::ask`], the one place that knows how a question travels.

mod ask;
mod error;
mod form;

pub use ask::Elicit;
pub use error::{AskError, AskErrorKind};
pub use form::{Answer, Form};
