//! `#[arg(…)]` and doc comments on a parameter. The language allows neither, so they are removed
//! before the function is emitted.

use syn::{Attribute, FnArg, Signature, parse_quote};

/// The attributes of one parameter. Those of the receiver are empty.
#[derive(Default)]
pub(crate) struct ParameterAttributes {
    pub(crate) docs: Vec<Attribute>,
    pub(crate) arg: Vec<Attribute>,
}

impl ParameterAttributes {
    /// Removes the attributes from all parameters, and returns one entry for each, in order.
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

    /// Returns the `allow` attributes of the function.
    pub(crate) fn allowances(signature: &Signature) -> Option<Attribute> {
        /// The default of clippy's `too-many-arguments-threshold`.
        const MAX_WITHOUT_LINT: usize = 7;
        (signature.inputs.len() > MAX_WITHOUT_LINT).then(|| {
            parse_quote!(#[allow(
                clippy::too_many_arguments,
                reason = "the schema has as many arguments"
            )])
        })
    }
}
