//! The methods of a jsonrpsee module as tools, and a server as a module.

mod back;
mod build;
mod calls;
mod derived;
mod errors;
mod fixture;
mod open_rpc;
mod round_trip;
mod subscriptions;
