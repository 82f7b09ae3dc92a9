//! The client: a connection, and a method for everything that can be asked.

mod connect;
mod handle;
mod notifications;
mod output;
mod prompts;
mod requests;
mod resources;
mod session_renewal;
mod skills;
mod tasks;
mod tools;
mod watched;

pub use handle::Client;
pub(crate) use handle::ResultHandler;
