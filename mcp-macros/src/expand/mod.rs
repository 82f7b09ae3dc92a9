//! Generates code, without further decisions: each file turns one part of the model into calls of
//! the public builders, as a user would write them, and of the hidden module that [`scope`] names.

mod arguments;
mod block;
mod free;
mod handler;
mod listing;
mod prompt;
mod resource;
mod route;
mod scope;
mod tool;

pub(crate) use self::{
    block::{block, provider},
    free::{companion, free},
};
