//! Three server processes that share everything through Redis, behind a real load balancer that
//! leads each request to any of them.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]

mod balancer;
mod instances;
mod listener;
mod load;
mod requests;
mod restarts;
