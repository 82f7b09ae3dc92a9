//! From a method to the function that answers it: one match, then one map look-up of the name
//! (step 5 of the walk of a call). One file for each family of methods.

mod completion;
mod discover;
mod dispatch;
mod logging;
mod prompts;
mod request;
mod resources;
mod stack;
mod subscriptions;
mod tools;

pub(crate) use dispatch::Router;
pub(crate) use stack::Stack;
