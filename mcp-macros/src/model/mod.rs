//! What the attributes mean. Every rule is checked here and every error is made here, at the token
//! that is wrong, as many as there are; the expansion that follows decides nothing.

mod argument;
mod block;
mod crate_path;
mod errors;
mod function;
mod header;
mod listing;
mod name;
mod options;
mod parameter;
mod prompt;
mod resource;
mod route;
mod source;
mod template;
mod tool;
mod types;

#[cfg(test)]
mod tests;

pub(crate) use self::{
    argument::{Argument, Complete, Default},
    block::{Block, Method},
    crate_path::crate_path,
    errors::Errors,
    function::{Function, Receiver},
    listing::Listing,
    parameter::{Parameter, Role},
    prompt::Prompt,
    resource::Resource,
    route::Route,
    source::Source,
    tool::Tool,
    types::is_primitive,
};
