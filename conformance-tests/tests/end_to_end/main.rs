//! The client and the server of this SDK together, over every transport and on every revision.

// Deprecated features work until the specification removes them.
#![allow(deprecated)]

mod config;
mod faults;
mod features;
mod hosts;
mod killed_server;
mod next_suite;
mod policy;
mod server;
mod tasks;
mod tls;
mod transports;
