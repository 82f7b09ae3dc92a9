//! The documents of authorization, which clients read and servers write, and the challenge of a
//! refused request. Spec: basic/authorization of each revision.
//!
//! URLs and identifiers stay strings: the specification compares them byte for byte, and a URL type
//! would normalize them (`https://a.example` is not `https://a.example/`). Unknown members are
//! kept.

mod authorization_server;
mod challenge;
mod client_metadata;
mod error_response;
mod protected_resource;
#[cfg(feature = "http-client")]
mod well_known;

pub use authorization_server::AuthorizationServerMetadata;
pub use challenge::Challenge;
pub use client_metadata::ClientMetadata;
pub use error_response::ErrorResponse;
pub use protected_resource::ProtectedResourceMetadata;
#[cfg(feature = "http-client")]
pub use well_known::server_metadata_urls;
