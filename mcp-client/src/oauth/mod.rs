//! Authorization the way the server asks for: OAuth 2.1. Spec: basic/authorization of each
//! revision.
//!
//! [`OAuth`] is what a client gets; most programs begin with [`OAuth::authorization_code`].
//!
//! ```text
//!               401                                         ┌── refresh ◀─┐
//! no token ──────────▶ discovery ─▶ store ─▶ refresh ─▶ grant ┴─▶ token ──┤ expires soon, or 401
//!     ▲                                                       │     │
//!     │                                                       │     │
//!     └── the refresh token is not valid any more ◀───────────┼─────┘
//!                             grant, with all scopes so far ◀─┘ 403 insufficient_scope
//! ```
//!
//! From the top down:
//!
//! - `authorizer` and `builder`: what the transport asks, and what an application sets
//! - `account/`: what an application asks for: status, log-in, log-out, import
//! - `acquire/`: the steps to the next token, shared by all calls that need it
//! - `grant/`: one file for each way to a token; `login/` is the user's part of the first one
//! - `client/`: the client's id and authentication at an authorization server
//! - `token/`: the token endpoint, refreshes, and how a token is presented to the MCP server
//! - `store/`: where credentials are kept
//! - `discovery/`: which authorization server belongs to the MCP server
//! - `proof/`: keys, signatures and the proofs of DPoP
//! - `fetch/`: every HTTP request, and the guard that every URL of a server passes

mod account;
mod acquire;
mod authorizer;
mod bindings;
mod builder;
mod client;
mod discovery;
mod environment;
mod error;
mod fetch;
mod grant;
mod limits;
mod login;
mod options;
mod proof;
mod random;
mod store;
mod token;

pub use account::{
    ImportedToken, Login, LoginStatus, Logout, PendingLogin, Revocation, SavedLogin,
};
pub use authorizer::OAuth;
pub use builder::OAuthBuilder;
pub use client::RegisteredClient;
pub use error::{Error, ErrorKind};
pub use grant::{
    AssertionRequest, AssertionSource, AuthorizationCode, ClientCredentials, EnterpriseManaged,
    IdentityProvider, WorkloadIdentity,
};
pub use limits::OAuthLimits;
pub use login::{AuthorizationUrl, Loopback};
pub use mcp_core::fetch::Secret;
pub use mcp_core::oauth::ClientMetadata;
pub use proof::{SigningAlgorithm, SigningKey};
#[cfg(feature = "keychain")]
pub use store::KeychainStore;
pub use store::{CredentialKey, CredentialStore, FileStore, MemoryStore, StoreLock};
