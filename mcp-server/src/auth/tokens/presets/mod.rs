//! Verifiers for usual authorization servers: what the tokens of each look like, as data.
//!
//! Each function starts a [`JwtVerifierBuilder`](super::JwtVerifierBuilder), whose settings can be
//! changed.
//!
//! | function | audience | scopes | types |
//! |---|---|---|---|
//! | [`oidc`] | the URL of the server | `scope`, `scp` | `at+jwt` |
//! | [`auth0`] | the URL of the server | `scope`, `permissions` | `at+jwt`, `JWT` |
//! | [`cognito`] | the client id (`client_id`) | `scope` | none |
//! | [`descope`] | the URL of the server, or also the project id | `scope`, `permissions` | `JWT` |
//! | [`entra`], [`entra_multi_tenant`] | the application | `scp`, `roles` | `JWT` |
//! | [`keycloak`] | the URL of the server | `scope` | `JWT` |
//! | [`scalekit`] | the resource id, or the URL of the server | `scope`, `permissions` | `JWT` |
//! | [`workos`] | the URL of the server | `scope`, `permissions` | `JWT` |
//!
//! ```
//! use mcp_server::auth::{Protection, presets};
//!
//! let tokens = presets::keycloak("https://login.example.com/realms/main").build()?;
//! let protection = Protection::new("https://mcp.example.com/mcp", tokens);
//! # Ok::<(), mcp_server::BuildError>(())
//! ```

mod auth0;
mod cognito;
mod descope;
mod entra;
mod keycloak;
mod oidc;
mod scalekit;
mod workos;

pub use auth0::auth0;
pub use cognito::cognito;
pub use descope::{DescopeAudience, descope};
pub use entra::{entra, entra_multi_tenant};
pub use keycloak::keycloak;
pub use oidc::oidc;
pub use scalekit::scalekit;
pub use workos::workos;
