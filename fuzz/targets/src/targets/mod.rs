//! The targets, one module each.

mod challenge;
mod decode;
mod elicitation;
mod header_params;
mod header_value;
mod json;
mod jwk_set;
mod jwt;
mod line;
mod list;
mod peer_text;
mod scan;
mod sealed_state;
mod skill_file;
mod sse;
mod stream;
mod uri_template;
mod wire;
mod written_json;

pub use list::{TARGETS, Target, find};
