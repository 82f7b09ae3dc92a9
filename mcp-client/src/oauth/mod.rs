//! Authorization the way the server asks for. Spec: basic/authorization of each revision.

mod error;
mod fetch;
mod secret;

pub use error::{Error, ErrorKind};
pub use secret::Secret;
