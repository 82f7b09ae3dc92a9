//! Policies of a host: what a client sends, and what its lists contain.
//!
//! See [`mcp_core::policy`] for the language. [`ClientBuilder::policy`](crate::ClientBuilder::policy)
//! sets a policy.

mod admission;
mod client_policy;
mod lists;

pub(crate) use admission::PolicyState;
pub use client_policy::{ClientPolicy, PolicyQuestion};
pub use mcp_core::policy::*;
