//! Audit logs: the chain, its verification, what happens to a file that is interrupted, and the
//! records of calls.

mod calls;
pub mod chain;
mod files;
mod sinks;
mod tampering;
