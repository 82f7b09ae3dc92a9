//! The code that is emitted. Nothing is decided here: each file turns one part of the model into
//! the calls of the public builders which a user would write by hand, plus what [`scope`] names
//! from the runtime's hidden module.

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
