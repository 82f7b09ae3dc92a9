//! The store in Redis, against a server of its own for each test.
//!
//! The tests need the program `redis-server`, version 7. Without it they are ignored. With
//! `CI=true` they run and fail.

mod acl;
mod bus;
mod connecting;
mod contract;
mod crashes;
mod events;
mod feed;
mod interruptions;
mod leases;
mod memory;
mod proxy;
mod server;
mod session;
mod sessions;
mod slots;
mod task;
mod tasks;
