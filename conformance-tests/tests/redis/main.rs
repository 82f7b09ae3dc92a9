//! The store of tasks in Redis, against a server of its own for each test.
//!
//! The tests need the program `redis-server`, version 7. Without it they are ignored. With
//! `CI=true` they run and fail.

mod connecting;
mod contract;
mod crashes;
mod feed;
mod interruptions;
mod leases;
mod memory;
mod proxy;
mod server;
mod slots;
mod task;
mod tasks;
