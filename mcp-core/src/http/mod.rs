//! The parts of Streamable HTTP that both sides share: names of header fields, and how values are
//! encoded in them. Spec: basic/transports/streamable-http.

pub mod names;
mod params;
mod value;

pub use params::{
    BadAnnotation, NotAnObject, ParamHeader, param_headers, param_matches, param_text,
};
pub use value::{BadValue, decode_value, encode_value};
