//! Sessions of the legacy era.

mod batch;
mod harness;
mod lifecycle;
mod limits;
mod requests;
mod resume;
mod standalone;
mod stateless;
