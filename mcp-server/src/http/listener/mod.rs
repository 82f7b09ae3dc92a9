//! The accept loop of `serve_http`: connections, their deadlines, and the tasks that end with it.

mod activity;
mod connection;
mod repoll;
mod serve;
mod socket;
mod stall;
pub(super) mod tasks;
