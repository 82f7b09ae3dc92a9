//! The attributes that tools, prompts and resources all have: what lists show, and scopes.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::{Attribute, Expr, Signature, ext::IdentExt as _};

use super::options::Reader;
use crate::attr::Docs;

/// The name, the texts for people and models, the icons and the metadata.
pub(crate) struct Listing {
    pub(crate) name: String,
    /// The span of the name.
    pub(crate) name_span: Span,
    pub(crate) title: Option<Expr>,
    pub(crate) description: Option<TokenStream>,
    pub(crate) icons: Option<Expr>,
    pub(crate) meta: Option<Expr>,
    pub(crate) scopes: Option<Expr>,
}

impl Listing {
    pub(crate) fn new(
        signature: &Signature,
        attributes: &[Attribute],
        options: &mut Reader<'_>,
    ) -> Self {
        let explicit = options.string("name");
        let name = explicit
            .as_ref()
            .map_or_else(|| signature.ident.unraw().to_string(), syn::LitStr::value);
        if name.is_empty() {
            options.errors.at(
                &explicit,
                "the name is empty",
                "remove `name` to use the function's",
            );
        }
        Self {
            name,
            name_span: explicit.as_ref().map_or_else(|| signature.ident.span(), syn::LitStr::span),
            title: options.expression("title"),
            description: options
                .expression("description")
                .map(|expression| expression.into_token_stream())
                .or_else(|| Docs::of(attributes).map(Docs::into_tokens)),
            icons: options.expression("icons"),
            meta: options.expression("meta"),
            scopes: options.expression("scopes"),
        }
    }
}
