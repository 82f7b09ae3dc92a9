//! Streamable HTTP: a server as a child process that is [`listening`], raw [`request`]s on a
//! [`connection`] of HTTP/1.1 or on one of [`http2`], parallel senders in [`load`], the [`memory`]
//! of idle clients, and the comparison of [`servers`].

pub mod connection;
pub mod http2;
pub mod listening;
pub mod load;
pub mod memory;
pub mod request;
pub mod servers;
