//! Authorization the way the server asks for: OAuth 2.1. Spec: basic/authorization of each revision.
//!
//! [`OAuth`] is what a client is given; [`OAuth::authorization_code`] is where most begin.
//!
//! ```text
//!               401                                            ┌── refresh ◀─┐
//! no token ───────────▶ discovery ─▶ store ─▶ refresh ─▶ grant ┴─▶ token ────┤ time is nearly over, or 401
//!     ▲                 whose server?  kept?   next one?  user?       │      │
//!     │                                                               │      │
//!     └── the refresh token is no good ◀──────────────────────────────┼──────┘
//!                                   grant, with all scopes so far ◀───┘ 403 insufficient_scope
//! ```
//!
//! A flow a file: `authorizer` (what a connection knows, and one flight for all who need a token), `acquire` (what
//! such a flight does), `discovery`, `registration`, `authorization_code` with `authorization_request`, `pkce`,
//! `redirect`, `loopback` and `browser`, `token_endpoint`, `refresh`, `scope` and `step_up`; the grants without a
//! log-in, `client_credentials`, `workload_identity` and `enterprise_managed`, with `assertion` and `jwt_bearer` (what others state) and
//! `client_assertion` (what a client states of itself). Beneath them are `store` and `file_store`, `fetch` with `guard`,
//! `address` and `resolver`, and `presentation`, which shows tokens to the server, with `dpop`, over `jws`.

mod acquire;
mod address;
mod assertion;
mod authorization_code;
mod authorization_request;
mod authorizer;
mod browser;
mod builder;
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
mod jwt_bearer;
mod loopback;
mod pkce;
mod presentation;
mod random;
mod redirect;
mod refresh;
mod registration;
mod resolver;
mod scope;
mod secret;
mod step_up;
mod store;
mod token;
mod token_endpoint;
mod workload_identity;

pub use assertion::{AssertionRequest, AssertionSource};
pub use authorization_code::AuthorizationCode;
pub use authorizer::OAuth;
pub use browser::AuthorizationUrl;
pub use builder::OAuthBuilder;
pub use client_credentials::ClientCredentials;
pub use enterprise_managed::{EnterpriseManaged, IdentityProvider};
pub use error::{Error, ErrorKind};
pub use file_store::FileStore;
pub use jws::{SigningAlgorithm, SigningKey};
pub use loopback::Loopback;
pub use mcp_core::oauth::ClientMetadata;
pub use registration::RegisteredClient;
pub use secret::Secret;
pub use store::{CredentialKey, CredentialStore, MemoryStore, StoreLock};
pub use workload_identity::WorkloadIdentity;
