//! Servers that are killed at random moments while they run tasks, stores that are killed, and logs
//! of audit records. The tasks are those of `src/bin/task-server.rs`, which write down what they
//! do.
//!
//! No task that a client knows is lost, or has two results, or works for ever. A step runs at least
//! once, and not again once the next one has begun.
//!
//! `cargo xtask kill` plays more rounds.

mod acknowledged;
mod audit;
mod history;
mod instance;
mod plan;
mod redb;
mod redis;
mod report;
