//! The stores of tasks.

mod files;
mod limits;
mod memory;
mod redb;
