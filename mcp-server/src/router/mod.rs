//! Routes a request to its handler by its method and name. One file for each family of methods.

mod completion;
mod discover;
mod dispatch;
mod known_digests;
mod logging;
mod prompts;
mod request;
mod resources;
mod stack;
mod subscriptions;
mod tools;

pub(crate) use dispatch::Router;
pub(crate) use stack::Stack;
