//! Authorization the way the server asks for. Spec: basic/authorization of each revision.

mod address;
mod client_assertion;
mod client_authentication;
mod discovery;
mod dpop;
#[cfg(test)]
mod dpop_tests;
mod environment;
mod error;
mod fetch;
#[cfg(test)]
mod fetch_tests;
mod file_store;
#[cfg(test)]
mod file_store_tests;
mod form;
mod grant;
mod guard;
#[cfg(test)]
mod guard_tests;
mod jws;
#[cfg(test)]
mod jws_tests;
mod pkce;
mod presentation;
mod random;
mod resolver;
mod scope;
mod secret;
mod store;
mod token;
mod token_endpoint;

pub use error::{Error, ErrorKind};
pub use file_store::FileStore;
pub use jws::{SigningAlgorithm, SigningKey};
pub use secret::Secret;
pub use store::{CredentialKey, CredentialStore, MemoryStore, StoreLock};
