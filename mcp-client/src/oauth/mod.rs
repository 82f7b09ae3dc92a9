//! Authorization the way the server asks for. Spec: basic/authorization of each revision.

mod address;
mod assertion;
mod client_assertion;
mod client_authentication;
mod client_credentials;
mod discovery;
mod dpop;
#[cfg(test)]
mod dpop_tests;
mod enterprise_managed;
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
mod registration;
mod resolver;
mod scope;
mod secret;
mod store;
mod token;
mod token_endpoint;
mod workload_identity;

pub use assertion::{AssertionRequest, AssertionSource};
pub use enterprise_managed::IdentityProvider;
pub use error::{Error, ErrorKind};
pub use file_store::FileStore;
pub use jws::{SigningAlgorithm, SigningKey};
pub use registration::RegisteredClient;
pub use secret::Secret;
pub use store::{CredentialKey, CredentialStore, MemoryStore, StoreLock};
