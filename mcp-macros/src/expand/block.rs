//! An impl block: itself, untouched, and `impl Provider` with the routes of its marked functions.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Generics, ItemImpl, Path, Type, parse_quote, spanned::Spanned as _};

use super::{
    route,
    scope::{Scope, local, shown_at},
};
use crate::model::Block;

pub(crate) fn block(krate: &Path, item: &ItemImpl, block: &Block) -> TokenStream {
    let Block { self_ty, generics, routes } = block;
    let scope = Scope { krate, in_block: true };
    let private = scope.private();
    let all = local("routes");
    let routes = routes.iter().map(|route| {
        let cfgs = &route.function().cfgs;
        let route = route::route(&scope, route);
        quote!(#(#cfgs)* { #private::AddRoute::add_to(#route, &mut #all); })
    });
    let body = quote! {
        let mut #all = <#krate::route::Routes as ::core::default::Default>::default();
        #(#routes)*
        #all
    };
    let provider = provider(krate, self_ty, generics, &body);
    quote!(#item #provider)
}

/// `impl Provider`, whose `routes()` has the given body.
pub(crate) fn provider(
    krate: &Path,
    self_ty: &Type,
    generics: &Generics,
    body: &TokenStream,
) -> TokenStream {
    let mut generics = generics.clone();
    // The trait asks this as well. Said here, it is what the parameters of a generic type need, and
    // of another type it is refused at the type alone and not once more for every method.
    let span = shown_at(self_ty.span());
    let shared = match generics.lifetimes().next() {
        None => quote_spanned!(span=> Self: ::core::marker::Send + ::core::marker::Sync + 'static),
        // A bound that holds for one lifetime hides that it holds for all, which is what a future
        // must know.
        Some(_) => quote_spanned!(span=> Self: 'static),
    };
    generics.make_where_clause().predicates.push(parse_quote!(#shared));
    let (params, _, predicates) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        #[allow(deprecated, unused_mut)]
        impl #params #krate::route::Provider for #self_ty #predicates {
            fn routes(self: &::std::sync::Arc<Self>) -> #krate::route::Routes {
                #body
            }
        }
    }
}
