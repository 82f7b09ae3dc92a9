//! The input of the model: a marked function.

use proc_macro2::Span;
use syn::Signature;

use crate::attr::{Kind, Options, ParameterAttributes};

/// A marked function, with its attributes separated.
pub(crate) struct Source<'a> {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    pub(crate) options: Options,
    pub(crate) attributes: &'a [syn::Attribute],
    pub(crate) signature: &'a Signature,
    pub(crate) parameters: Vec<ParameterAttributes>,
    /// The functions of the surrounding impl block.
    pub(crate) siblings: &'a [&'a Signature],
}
