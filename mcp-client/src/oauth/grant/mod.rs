//! The ways to a token, one file each. Spec: OAuth 2.1 §4 and the authorization extensions.

mod assertion_source;
mod authorization_code;
mod authorization_grant;
mod client_credentials;
mod enterprise_managed;
mod interactive;
mod jwt_bearer;
mod non_interactive;
mod workload_identity;

pub use assertion_source::{AssertionRequest, AssertionSource};
pub use authorization_code::AuthorizationCode;
pub(crate) use authorization_grant::AuthorizationGrant;
pub use client_credentials::ClientCredentials;
pub use enterprise_managed::{EnterpriseManaged, IdentityProvider};
pub(crate) use interactive::InteractiveGrant;
pub use workload_identity::WorkloadIdentity;
