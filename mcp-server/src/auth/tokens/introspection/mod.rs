//! Introspection: an authorization server is asked about each token. Spec: RFC 7662.
//!
//! `builder` has the settings, `verifier` asks, and `answer` reads and checks the answer.
//! `flights` lets requests with one token share one request, which goes on without them. `breaker`
//! leaves an endpoint alone that fails, and `rejected` remembers tokens that are not valid. Those
//! that are valid are remembered by a `TokenCache`, as the server does.

mod answer;
mod breaker;
mod builder;
mod credentials;
mod flights;
mod limits;
mod rejected;
mod verifier;

pub use builder::IntrospectionBuilder;
pub use limits::IntrospectionLimits;
pub use verifier::IntrospectionVerifier;
