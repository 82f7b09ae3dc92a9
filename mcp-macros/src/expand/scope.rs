//! The position of the generated code, and the names it uses there.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Ident, Path};

/// The companion of a free function, or an impl block.
pub(super) struct Scope<'a> {
    /// The runtime: `::mcp_server`.
    pub(super) krate: &'a Path,
    /// Whether the code is in an impl block: `Self` exists, and `self` is its `Arc`.
    pub(super) in_block: bool,
}

impl Scope<'_> {
    /// The path of the runtime's hidden module for expansions.
    pub(super) fn private(&self) -> TokenStream {
        let krate = self.krate;
        quote!(#krate::macro_support)
    }

    /// The path of the function.
    pub(super) fn function(&self, ident: &Ident) -> TokenStream {
        if self.in_block { quote!(Self::#ident) } else { quote!(#ident) }
    }
}

/// A hygienic local variable: the user's expressions cannot see it, and it cannot capture theirs.
pub(super) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A hygienic local variable whose errors are reported at the user's code.
pub(super) fn local_at(name: &str, span: Span) -> Ident {
    Ident::new(name, shown_at(span))
}

/// A span for generated code whose errors are reported at the user's code.
pub(super) fn shown_at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}
