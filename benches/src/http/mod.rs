//! The load generator over HTTP: raw HTTP/1.1 on kept-alive connections, no SDK and no HTTP client.
//!
//! Read in this order: [`request`] (a message as bytes on the wire), [`connection`] (sending and
//! checking), [`server`] (a child that listens), [`load`] (many connections at once), [`memory`]
//! (many that are idle), [`suite`] (all servers in turn).

pub mod connection;
pub mod load;
pub mod memory;
pub mod request;
pub mod server;
pub mod suite;
