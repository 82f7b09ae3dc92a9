//! A marked function of any kind.

use super::{Errors, Function, Prompt, Resource, Source, Tool};
use crate::attr::Kind;

/// A marked function, understood.
pub(crate) enum Route {
    Tool(Box<Tool>),
    Prompt(Box<Prompt>),
    Resource(Box<Resource>),
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
