//! The load generator over HTTP: raw HTTP/1.1 on persistent connections, without an SDK or an HTTP
//! client.
//!
//! Read in this order: [`request`] (a request as bytes), [`connection`] (sending requests and
//! checking answers), [`server`] (a child process that listens), [`load`] (parallel connections),
//! [`memory`] (idle clients), [`suite`] (all servers in turn).

pub mod connection;
pub mod load;
pub mod memory;
pub mod request;
pub mod server;
pub mod suite;
