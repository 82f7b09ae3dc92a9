//! The documents of authorization, which clients read and servers write, and the challenge of a
//! refused request. Spec: basic/authorization of each revision.
//!
//! URLs and identifiers stay strings: the specification compares them byte by byte, and a URL type
//! would rewrite them (`https://a.example` is not `https://a.example/`). Members that this SDK does
//! not know are kept.

mod authorization_server;
mod challenge;
mod client_metadata;
mod error_response;
mod protected_resource;

pub use authorization_server::AuthorizationServerMetadata;
pub use challenge::Challenge;
pub use client_metadata::ClientMetadata;
pub use error_response::ErrorResponse;
pub use protected_resource::ProtectedResourceMetadata;
