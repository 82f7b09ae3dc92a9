//! What both sides of Streamable HTTP share: names of header fields, how values travel in them, bounds.
//! Spec: basic/transports/streamable-http.

mod client_limits;
mod limits;
pub mod names;
mod params;
mod value;

pub use client_limits::HttpClientLimits;
pub use limits::HttpLimits;
pub use params::{BadAnnotation, ParamHeader, param_headers, param_matches, param_text};
pub use value::{BadValue, decode_value, encode_value};
