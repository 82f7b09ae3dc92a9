//! `#[tool]`, `#[prompt]` and `#[resource]` on the methods of an impl block.

use std::fmt;

use proc_macro2::Span;
use syn::{Attribute, Meta, Result, spanned::Spanned as _};

use super::Options;

/// What a function is marked as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tool,
    Prompt,
    Resource,
}

impl Kind {
    /// An alias of a path is seen (`#[mcp_server::tool]`), a renamed import is not; the attribute
    /// says so if it gets to run.
    fn of(attribute: &Attribute) -> Option<Self> {
        match attribute.path().segments.last()?.ident.to_string().as_str() {
            "tool" => Some(Self::Tool),
            "prompt" => Some(Self::Prompt),
            "resource" => Some(Self::Resource),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
        })
    }
}

/// One mark, with its options as far as they can be read.
pub(crate) struct Marker {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    pub(crate) options: Result<Options>,
}

impl Marker {
    /// Takes the marks off a method.
    pub(crate) fn take(attributes: &mut Vec<Attribute>) -> Vec<Self> {
        attributes
            .extract_if(.., |attribute| Kind::of(attribute).is_some())
            .filter_map(Self::new)
            .collect()
    }

    fn new(attribute: Attribute) -> Option<Self> {
        let kind = Kind::of(&attribute)?;
        let options = match &attribute.meta {
            Meta::Path(_) => Ok(Options::default()),
            Meta::List(list) => list.parse_args(),
            Meta::NameValue(pair) => Err(syn::Error::new_spanned(
                &pair.value,
                format!("options stand in parentheses\nhelp: write `#[{kind}(name = value)]`"),
            )),
        };
        Some(Self { kind, span: attribute.path().span(), options })
    }
}
