//! Encodes results for the revision of their call.

mod digest;
mod encoder;
mod error;
mod project;
mod result;

pub(crate) use digest::digest;
pub(crate) use encoder::Encoder;
pub(crate) use error::fit_error;
pub(crate) use project::{wrap_structured, wraps};
pub(crate) use result::WireResult;
