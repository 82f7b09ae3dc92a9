//! `#[arg(…)]` and doc comments on a parameter. The language allows neither, so they are taken off before the
//! function is emitted.

use syn::{Attribute, FnArg, Signature};

/// What stood before one parameter; the receiver has its own, empty.
#[derive(Default)]
pub(crate) struct ParameterAttributes {
    pub(crate) docs: Vec<Attribute>,
    pub(crate) arg: Vec<Attribute>,
}

impl ParameterAttributes {
    /// Takes the attributes off all parameters: one entry for each, in their order.
    pub(crate) fn take(signature: &mut Signature) -> Vec<Self> {
        let of_input = |input: &mut FnArg| match input {
            FnArg::Receiver(_) => Self::default(),
            FnArg::Typed(typed) => Self {
                docs: typed.attrs.extract_if(.., |attribute| attribute.path().is_ident("doc")).collect(),
                arg: typed.attrs.extract_if(.., |attribute| attribute.path().is_ident("arg")).collect(),
            },
        };
        signature.inputs.iter_mut().map(of_input).collect()
    }
}
