//! Authorization against a resource server and authorization servers in this process.
#![allow(clippy::unwrap_used, reason = "what the tests share is not in test functions")]
#![allow(dead_code)]

mod dpop;
mod grants;
mod proof;
mod world;
