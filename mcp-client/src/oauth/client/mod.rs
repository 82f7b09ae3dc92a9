//! The client, as authorization servers know it: its id, and how it authenticates.

mod authentication;
mod registered;
mod registration;

pub(crate) use authentication::Client;
pub use registered::RegisteredClient;
pub(crate) use registration::{AdoptedClient, Registration};
