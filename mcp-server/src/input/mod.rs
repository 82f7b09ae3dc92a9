//! Questions to the client from within a handler: elicitation, sampling, roots. Spec:
//! basic/patterns/mrtr, client/elicitation, client/sampling, client/roots.
//!
//! In the legacy era, a question is a request of the server, and the handler waits for its
//! response. In the modern era, servers send no requests: the call is answered with its questions
//! (`inputRequests`), and the client repeats it with the answers. The same handler works in both.
//! [`Context::elicit`](crate::Context::elicit) and similar methods look for their answer in the
//! journal of the call, which the client stores in a sealed `requestState`. If the answer is
//! missing, the handler is dropped at the `.await`, the question is sent, and the handler runs
//! again from its beginning when the client repeats the call.
//!
//! Alternatively, a handler returns its questions as an [`Outcome`].

#[cfg(feature = "policy")]
mod approval;
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
mod related_task;
mod step;

#[cfg(feature = "policy")]
pub(crate) use approval::{Approval, ask_before};
pub use ask::Question;
#[cfg(feature = "tasks")]
pub(crate) use ask::answer_on_session;
#[cfg(feature = "tasks")]
pub(crate) use drive::{CallAnswer, TaskRun, open, run_task};
pub(crate) use drive::{RoundInput, answer};
pub use elicit::ElicitForm;
#[doc(hidden)]
pub use field::FieldSpec;
pub(crate) use field::one_of;
pub use field::{Choice, FormField, ListField, NumberField, TextField};
pub use form::{Answer, Form};
pub use outcome::{InputRequired, Outcome};
#[cfg(feature = "tasks")]
pub(crate) use related_task::add_related_task;

pub use crate::questions::{AskError, AskErrorKind};
pub use crate::seal::{KeyError, KeyRing};
