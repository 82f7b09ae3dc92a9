//! What is emitted beside an error: the user's item without our attributes, and everything that the
//! rest of the program may name. So the user sees the mistake, and not forty others that follow
//! from it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemFn, ItemImpl, Path};

use crate::{
    attr::Kind,
    expand::{companion, provider},
    model::is_primitive,
};

/// For a function that stands alone.
pub(crate) fn free(krate: &Path, item: &ItemFn, kind: Kind, error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    // In an impl block there can be no type beside it; and one that is named `str` would break all
    // the rest.
    if item.sig.receiver().is_some() || is_primitive(&item.sig.ident) {
        return quote!(#item #error);
    }
    let companion = companion(krate, item, kind, &body());
    quote!(#item #companion #error)
}

/// For an impl block.
pub(crate) fn block(krate: &Path, item: &ItemImpl, error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    if item.trait_.is_some() {
        return quote!(#item #error);
    }
    let provider = provider(krate, &item.self_ty, &item.generics, &body());
    quote!(#item #provider #error)
}

fn body() -> TokenStream {
    quote!(::core::unreachable!("this does not compile"))
}
