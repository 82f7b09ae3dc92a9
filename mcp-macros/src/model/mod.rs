//! What the attributes mean. Every rule is checked here and every error is made here, at the token that is
//! wrong, as many as there are; the expansion that follows decides nothing.

mod argument;
mod block;
mod errors;
mod function;
mod header;
mod listing;
mod name;
mod options;
mod parameter;
mod prompt;
mod resource;
mod template;
mod tool;
mod types;

#[cfg(test)]
mod tests;

pub(crate) use self::{
    argument::{Argument, Complete, Default},
    block::{Block, Method},
    errors::Errors,
    function::{Function, Receiver},
    listing::Listing,
    parameter::{Parameter, Role},
    prompt::Prompt,
    resource::Resource,
    tool::Tool,
    types::is_primitive,
};

use proc_macro2::Span;
use syn::{Path, Signature};

use crate::attr::{Kind, Options};

/// A marked function, understood.
pub(crate) enum Route {
    Tool(Box<Tool>),
    Prompt(Box<Prompt>),
    Resource(Box<Resource>),
}

/// A marked function as it was written, its attributes taken apart.
pub(crate) struct Source<'a> {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    pub(crate) options: Options,
    pub(crate) attributes: &'a [syn::Attribute],
    pub(crate) signature: &'a Signature,
    pub(crate) parameters: Vec<crate::attr::ParameterAttributes>,
    /// The functions of the impl block around it.
    pub(crate) siblings: &'a [&'a Signature],
}

impl Route {
    pub(crate) fn new(source: Source<'_>, errors: &mut Errors) -> Self {
        match source.kind {
            Kind::Tool => Self::Tool(Box::new(Tool::new(source, errors))),
            Kind::Prompt => Self::Prompt(Box::new(Prompt::new(source, errors))),
            Kind::Resource => Self::Resource(Box::new(Resource::new(source, errors))),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Tool(_) => Kind::Tool,
            Self::Prompt(_) => Kind::Prompt,
            Self::Resource(_) => Kind::Resource,
        }
    }

    pub(crate) fn function(&self) -> &Function {
        match self {
            Self::Tool(tool) => &tool.function,
            Self::Prompt(prompt) => &prompt.function,
            Self::Resource(resource) => &resource.function,
        }
    }
}

/// Takes `crate = path` out of the options: where the expansion finds the runtime.
pub(crate) fn crate_path(options: &mut Options) -> syn::Result<Option<Path>> {
    let Some(at) = options.entries.iter().position(|entry| entry.is("crate")) else {
        return Ok(None);
    };
    let entry = options.entries.remove(at);
    match entry.value {
        Some(syn::Expr::Path(path)) if path.qself.is_none() => Ok(Some(path.path)),
        _ => {
            Err(syn::Error::new(entry.span(), "`crate` takes a path\nhelp: `crate = my::reexport`"))
        }
    }
}
