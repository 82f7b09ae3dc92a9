//! The code that is emitted with an error: the user's item without our attributes, and everything
//! that other code may refer to. So the user sees the error itself, and not others that follow from
//! it.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemFn, ItemImpl, Path};

use crate::{
    attr::Kind,
    expand::{companion, provider},
    model::is_primitive,
};

/// Emits a free function.
pub(crate) fn free(krate: &Path, item: &ItemFn, kind: Kind, error: &syn::Error) -> TokenStream {
    let error = error.to_compile_error();
    // A method cannot have a companion type, and one named `str` would break other code.
    if item.sig.receiver().is_some() || is_primitive(&item.sig.ident) {
        return quote!(#item #error);
    }
    let companion = companion(krate, item, kind, &body());
    quote!(#item #companion #error)
}

/// Emits an impl block.
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
