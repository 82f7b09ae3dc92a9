//! Our SDK against the rest of the world: fixtures, and tests that need foreign peers or real
//! processes.

mod everything_server;

pub use everything_server::EverythingServer;
