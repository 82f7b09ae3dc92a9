//! Sessions of the legacy era.

mod batch;
mod detached;
mod fleet;
mod harness;
mod lifecycle;
mod limits;
mod memory;
mod requests;
mod resume;
#[cfg(feature = "http-sse")]
mod sse_2024;
mod standalone;
mod stateless;
