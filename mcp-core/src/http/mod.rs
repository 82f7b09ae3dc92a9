//! What both sides of Streamable HTTP share: names of header fields, how values travel in them, bounds.
//! Spec: basic/transports/streamable-http.

mod limits;
pub mod names;

pub use limits::HttpLimits;
