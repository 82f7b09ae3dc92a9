//! One HTTP exchange: credentials, redirects, and retries of what is safe to repeat.

mod request;
mod retry;
mod sender;
mod status;

pub(crate) use request::{OutgoingRequest, RequestInfo};
pub(crate) use retry::{Attempts, is_transient, pause_after, renumbered};
pub(crate) use sender::{Failure, Sender};
pub(crate) use status::{media_type, refusal, status_text};
