//! Authorization the way the server asks for. Spec: basic/authorization of each revision.

mod address;
mod error;
mod fetch;
#[cfg(test)]
mod fetch_tests;
mod file_store;
mod guard;
#[cfg(test)]
mod guard_tests;
mod jws;
#[cfg(test)]
mod jws_tests;
mod resolver;
mod secret;

pub use error::{Error, ErrorKind};
pub use file_store::FileStore;
pub use jws::{SigningAlgorithm, SigningKey};
pub use secret::Secret;
