//! The stores of tasks.

mod memory;
mod redb;
