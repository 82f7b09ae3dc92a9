//! Where the expansion stands, and the names it uses there.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Ident, Path};

/// A free function's companion, or an impl block.
pub(super) struct Scope<'a> {
    /// The runtime: `::mcp_server`.
    pub(super) krate: &'a Path,
    /// Whether there is a `Self`, and `self` is its `Arc`.
    pub(super) in_block: bool,
}

impl Scope<'_> {
    /// What the runtime keeps for expansions.
    pub(super) fn private(&self) -> TokenStream {
        let krate = self.krate;
        quote!(#krate::macro_support)
    }

    /// How the function is named from here.
    pub(super) fn function(&self, ident: &Ident) -> TokenStream {
        if self.in_block { quote!(Self::#ident) } else { quote!(#ident) }
    }
}

/// A local variable: the user's expressions cannot see it, nor it them.
pub(super) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// A local variable which is shown at a place of the user's.
pub(super) fn local_at(name: &str, span: Span) -> Ident {
    Ident::new(name, shown_at(span))
}

/// Code of ours, shown at a place of the user's when it does not compile.
pub(super) fn shown_at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}
