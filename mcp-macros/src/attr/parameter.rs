//! `#[arg(…)]` and doc comments on a parameter. The language allows neither, so they are taken off
//! before the function is emitted.

use syn::{Attribute, FnArg, Signature, parse_quote};

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
                docs: typed
                    .attrs
                    .extract_if(.., |attribute| attribute.path().is_ident("doc"))
                    .collect(),
                arg: typed
                    .attrs
                    .extract_if(.., |attribute| attribute.path().is_ident("arg"))
                    .collect(),
            },
        };
        signature.inputs.iter_mut().map(of_input).collect()
    }

    /// What the function says to lints: its parameters are a schema, and as many as the schema has
    /// members.
    pub(crate) fn allowances(signature: &Signature) -> Option<Attribute> {
        /// From where on clippy objects, unless it is told otherwise.
        const MANY: usize = 7;
        (signature.inputs.len() > MANY).then(|| parse_quote!(#[allow(clippy::too_many_arguments)]))
    }
}
