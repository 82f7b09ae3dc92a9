//! Results → bytes, fitted to the revision they answer in (step 7 of the walk of a call).

mod encoder;
mod error;
mod project;
mod result;

pub(crate) use encoder::Encoder;
pub(crate) use error::fit_error;
pub(crate) use project::{wrap_structured, wraps};
pub(crate) use result::WireResult;
