//! From a call to the user's function: the closure of a route, the injected values, the invocation.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::scope::{Scope, local, shown_at};
use crate::model::{Function, Parameter, Receiver, Role};

/// `move |call: Call| -> Future { Box::pin(async move { body }) }`, with an `Arc` of the provider
/// if the function has a receiver. A function that blocks has all of its body on the pool, so that
/// nothing it borrows has to leave it.
pub(super) fn closure(
    scope: &Scope<'_>,
    function: &Function,
    call_type: &TokenStream,
    future_type: &TokenStream,
    body: impl ToTokens,
) -> TokenStream {
    let krate = scope.krate;
    let call = local("call");
    let body = if function.blocking {
        let context = local("context");
        quote! {
            let #context = ::core::clone::Clone::clone(#call.context());
            #krate::Context::blocking(&#context, move || { #body }).await?
        }
    } else {
        body.into_token_stream()
    };
    // A future that is not `Send` is shown at the function's name.
    let pin = quote_spanned!(shown_at(function.ident.span())=> ::std::boxed::Box::pin(async move { #body }));
    with_provider(
        function.receiver.is_some(),
        quote!(#call: #call_type),
        quote!(-> #future_type),
        pin,
    )
}

/// The closure around `body`; with its own handle on the provider, if it uses one.
pub(super) fn with_provider(
    uses_provider: bool,
    parameter: TokenStream,
    output: TokenStream,
    body: TokenStream,
) -> TokenStream {
    if !uses_provider {
        return quote!(move |#parameter| #output { #body });
    }
    let this = local("this");
    quote! {{
        let #this = ::std::sync::Arc::clone(self);
        move |#parameter| #output {
            let #this = ::std::sync::Arc::clone(&#this);
            #body
        }
    }}
}

/// `let arg1 = State::from_context(call.context())?;` for each parameter that the call fills. This
/// holds the guess of the model against the trait.
pub(super) fn injections(scope: &Scope<'_>, function: &Function) -> TokenStream {
    let krate = scope.krate;
    let call = local("call");
    let one = |Parameter { local, ty, role }: &Parameter| match role {
        Role::Injected { .. } => Some(
            quote!(let #local = <#ty as #krate::extract::FromContext>::from_context(#call.context())?;),
        ),
        Role::Argument(_) => None,
    };
    function.parameters.iter().filter_map(one).collect()
}

/// `let value = Self::function(&*this, arg1, &arg2).await;`
pub(super) fn invocation(scope: &Scope<'_>, function: &Function) -> TokenStream {
    let (this, value) = (local("this"), local("value"));
    let receiver = function.receiver.map(|receiver| match receiver {
        Receiver::Reference => quote!(&*#this,),
        Receiver::Arc => quote!(::std::sync::Arc::clone(&#this),),
        Receiver::ArcReference => quote!(&#this,),
    });
    let parameters = function.parameters.iter().map(|Parameter { local, role, .. }| match role {
        Role::Injected { by_reference: true } => quote!(&#local),
        _ => quote!(#local),
    });
    let path = scope.function(&function.ident);
    let wait = function.is_async.then(|| quote!(.await));
    quote!(let #value = #path(#receiver #(#parameters),*) #wait;)
}

/// Where something is wrong with the returned type, it is shown at the type.
pub(super) fn output_span(function: &Function) -> proc_macro2::Span {
    let span = function.output.span();
    // The `()` that nobody wrote has no place of its own.
    shown_at(if function.output == syn::parse_quote!(()) { function.ident.span() } else { span })
}
