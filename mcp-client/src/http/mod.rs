//! Streamable HTTP, the client's side. Spec: basic/transports/streamable-http of each revision.
//!
//! `transport` is the [`Service`](mcp_core::service::Service) that a client speaks through; `stack` is what sends
//! its HTTP requests and can be replaced; `authorizer` puts credentials on them.

mod authorizer;
mod endpoint;
mod network;
mod stack;

pub use authorizer::{Authorizer, BearerToken, BoxError, Refusal, Verdict};
pub use endpoint::{BadEndpoint, Endpoint};
pub use network::{Network, Pool};
pub use stack::{HttpBody, HttpError, HttpStack};
