//! Authorization the way the server asks for. Spec: basic/authorization of each revision.

mod client_authentication;
mod discovery;
mod environment;
mod error;
mod fetch;
mod form;
mod grant;
mod pkce;
mod presentation;
mod random;
mod scope;
mod secret;
mod store;
mod token;
mod token_endpoint;

pub use error::{Error, ErrorKind};
pub use secret::Secret;
pub use store::{CredentialKey, CredentialStore, MemoryStore, StoreLock};
