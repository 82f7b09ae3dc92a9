//! The two eras as pure functions: what a request claims about itself, and what a result looks like for the
//! revision it answers in (steps 3 and 7 of the walk of a call).

mod encode;
mod inbound;
mod params;
mod project;

pub use encode::{Encoder, WireResult};
pub use inbound::{CallMeta, Claim};
pub use params::CallParams;
pub use project::{Project, wrap_schema, wrap_structured, wraps};
