//! Authorization the way the server asks for. Spec: basic/authorization of each revision.

mod address;
mod error;
mod fetch;
#[cfg(test)]
mod fetch_tests;
mod guard;
#[cfg(test)]
mod guard_tests;
mod resolver;
mod secret;

pub use error::{Error, ErrorKind};
pub use secret::Secret;
