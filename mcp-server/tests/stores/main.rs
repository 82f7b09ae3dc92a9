//! The stores that come with the SDK.

mod files;
mod limits;
mod memory;
mod redb;
