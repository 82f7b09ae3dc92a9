//! Parts that the tests of several crates share. They know JSON, bytes and HTTP, and none of the
//! crates that are tested. No published crate depends on this one, except its tests.

mod gate;
#[cfg(feature = "http")]
pub mod http;
pub mod keys;
mod lines;
#[cfg(feature = "log")]
mod log;
pub mod memory;
pub mod message;
mod notes_server;
mod process;
mod random;
#[cfg(feature = "redis")]
mod redis;
mod wait;

pub use gate::Gate;
pub use lines::LinePeer;
#[cfg(feature = "log")]
pub use log::Log;
pub use notes_server::with_notes_server;
pub use process::ServerProcess;
pub use random::Random;
#[cfg(feature = "redis")]
pub use redis::RedisServer;
pub use wait::{settle, soon, with, within_an_hour};
