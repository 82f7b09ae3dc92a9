//! The server: what it is made of, and what it becomes when it is built.

mod builder;
mod built;

pub use builder::{Provider, Routes, Server};
pub use built::BuiltServer;
pub(crate) use built::{Inner, PageSizes};
