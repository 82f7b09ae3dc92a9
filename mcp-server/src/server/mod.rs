//! The server, its builder, and its side of each conversation.

mod builder;
mod built;
mod connection;
mod parts;
mod recording;
mod settings;

pub use builder::ServerBuilder;
pub use built::Server;
pub use connection::Connection;
