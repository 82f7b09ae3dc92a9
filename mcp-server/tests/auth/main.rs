//! Authorization: who calls, what the caller may do, and what a caller without a token sees.
//! Spec: basic/authorization.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]
// Tests may panic.
#![allow(clippy::unwrap_used)]

mod fixture;

mod challenges;
mod connections;
mod dpop;
mod expiry;
mod introspection;
mod introspection_load;
mod lists;
mod metadata;
mod owners;
mod principals;
mod scopes;
