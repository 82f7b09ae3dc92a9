//! The server: how it is built, and its side of each conversation.

mod builder;
mod built;
mod connection;

pub use builder::ServerBuilder;
pub use built::Server;
pub use connection::Connection;
