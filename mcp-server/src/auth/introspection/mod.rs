//! Introspection: an authorization server is asked about each token. Spec: RFC 7662.
//!
//! `builder` has the settings, `verifier` asks, and `answer` reads and checks the answer.
//! `breaker` leaves an endpoint alone that fails, and `rejected` remembers tokens that are not
//! valid. Those that are valid are in the cache of the server.

mod answer;
mod breaker;
mod builder;
mod credentials;
mod limits;
mod rejected;
mod verifier;

pub use builder::IntrospectionBuilder;
pub use limits::IntrospectionLimits;
pub use verifier::IntrospectionVerifier;
