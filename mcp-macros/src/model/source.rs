//! What a marked function is understood from.

use proc_macro2::Span;
use syn::Signature;

use crate::attr::{Kind, Options, ParameterAttributes};

/// A marked function as it was written, its attributes taken apart.
pub(crate) struct Source<'a> {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    pub(crate) options: Options,
    pub(crate) attributes: &'a [syn::Attribute],
    pub(crate) signature: &'a Signature,
    pub(crate) parameters: Vec<ParameterAttributes>,
    /// The functions of the impl block around it.
    pub(crate) siblings: &'a [&'a Signature],
}
