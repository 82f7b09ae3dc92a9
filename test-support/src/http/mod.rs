//! Requests and responses of Streamable HTTP, as values and as bytes on a socket.

mod answer;
mod call;
mod connection;
mod events;

pub use answer::Answer;
pub use call::{Call, wire};
pub use connection::{Connection, read_until, rest};
pub use events::data;
