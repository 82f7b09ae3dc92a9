//! A free function: itself, untouched, and a type of the same name which knows the route. Functions
//! live in the namespace of values and braced structs in that of types, so one path names both.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemFn, Path};

use super::{route, scope::Scope};
use crate::{attr::Kind, model::Route};

pub(crate) fn free(krate: &Path, item: &ItemFn, route: &Route) -> TokenStream {
    let scope = Scope { krate, in_block: false };
    let companion = companion(krate, item, route.kind(), &route::route(&scope, route));
    quote!(#item #companion)
}

/// The type, whose `route()` has the given body.
pub(crate) fn companion(
    krate: &Path,
    item: &ItemFn,
    kind: Kind,
    body: &TokenStream,
) -> TokenStream {
    let ItemFn { vis, sig, attrs, .. } = item;
    let ident = &sig.ident;
    let cfgs: Vec<_> = attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    let route = match kind {
        Kind::Tool => quote!(tool::ToolRoute),
        Kind::Prompt => quote!(prompt::PromptRoute),
        Kind::Resource => quote!(resource::ResourceRoute),
    };
    quote! {
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(nonstandard_style, dead_code, missing_debug_implementations, unreachable_pub, unnameable_types)]
        #vis struct #ident {}

        #(#cfgs)*
        #[automatically_derived]
        #[allow(deprecated)]
        impl #krate::route::RouteFn for #ident {
            type Route = #krate::#route;

            fn route() -> Self::Route {
                #body
            }
        }
    }
}
