//! What tools, prompts and resources all say of themselves in a list.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::{Attribute, Expr, Signature, ext::IdentExt as _};

use super::options::Reader;
use crate::attr::Docs;

/// The words for people, and for models.
pub(crate) struct Listing {
    pub(crate) name: String,
    /// Where the name comes from.
    pub(crate) name_span: Span,
    pub(crate) title: Option<Expr>,
    pub(crate) description: Option<TokenStream>,
    pub(crate) icons: Option<Expr>,
    pub(crate) meta: Option<Expr>,
}

impl Listing {
    pub(crate) fn new(
        signature: &Signature,
        attributes: &[Attribute],
        options: &mut Reader<'_>,
    ) -> Self {
        let given = options.string("name");
        let name =
            given.as_ref().map_or_else(|| signature.ident.unraw().to_string(), syn::LitStr::value);
        if name.is_empty() {
            options.errors.at(
                &given,
                "the name is empty",
                "leave `name` out to use the function's",
            );
        }
        Self {
            name,
            name_span: given.as_ref().map_or_else(|| signature.ident.span(), syn::LitStr::span),
            title: options.expression("title"),
            description: options
                .expression("description")
                .map(|given| given.into_token_stream())
                .or_else(|| Docs::of(attributes).map(Docs::into_tokens)),
            icons: options.expression("icons"),
            meta: options.expression("meta"),
        }
    }
}
