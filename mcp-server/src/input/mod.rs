//! Asking the client in the middle of a handler: elicitation, sampling, roots. Spec:
//! basic/patterns/mrtr, client/elicitation, client/sampling, client/roots.
//!
//! In the legacy era a question is a request on the session, awaited where it stands. In the modern
//! era a server sends no requests: the call is answered with its questions, and comes again with
//! the answers. Here the same function serves both. [`Context::elicit`](crate::Context::elicit) and its like look for their
//! answer in the journal of the call, which the client keeps, sealed; what is not there is asked,
//! by dropping the handler where it waits and running it again from its beginning when the answer
//! has come.
//!
//! Reading order: `ask` (how a question travels), `round` (one round of a modern call), `drive`
//! (whoever runs the handler), `journal` and `seal` (what is remembered, and how), `outcome` (the
//! explicit form).

mod ask;
mod capability;
mod drive;
mod elicit;
mod explicit;
mod field;
mod fit;
mod form;
mod outcome;
mod question_check;
mod step;

pub use ask::Question;
pub(crate) use drive::{RoundInput, answer};
pub use elicit::ElicitForm;
#[doc(hidden)]
pub use field::FieldSpec;
pub(crate) use field::one_of;
pub use field::{Choice, FormField, ListField, NumberField, TextField};
pub use form::{Answer, Form};
pub use outcome::{InputRequired, Outcome};

pub use crate::questions::{AskError, AskErrorKind};
pub use crate::seal::{KeyError, KeyRing};
