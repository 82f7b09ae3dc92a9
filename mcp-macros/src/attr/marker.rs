//! `#[tool]`, `#[prompt]` and `#[resource]` on the methods of an impl block.

use std::fmt;

use proc_macro2::Span;
use syn::{Attribute, Meta, Result, spanned::Spanned as _};

use super::Options;

/// The kind of route that a function is marked as.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Tool,
    Prompt,
    Resource,
}

impl Kind {
    /// Detects a marker by the last segment of its path (`#[mcp_server::tool]`). A renamed import
    /// is not detected; its attribute reports an error when it is expanded.
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

/// A marker, with its options if they can be parsed.
pub(crate) struct Marker {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    pub(crate) options: Result<Options>,
}

impl Marker {
    /// Removes the markers from a method.
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
                format!("options need parentheses\nhelp: write `#[{kind}(name = value)]`"),
            )),
        };
        Some(Self { kind, span: attribute.path().span(), options })
    }
}
