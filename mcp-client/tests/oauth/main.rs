//! Authorization against a resource server and authorization servers in this process.
#![allow(clippy::unwrap_used, reason = "what the tests share is not in test functions")]

mod client;
mod discovery;
mod dpop;
mod enterprise;
mod file_store;
mod grants;
mod hooked_store;
mod host;
mod host_store;
mod identity;
#[cfg(feature = "keychain")]
mod keychain;
mod leaks;
mod login;
mod logouts;
mod loopback;
mod proof;
mod registration;
mod scopes;
mod stores;
mod tokens;
mod world;
