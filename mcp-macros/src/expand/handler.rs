//! The code that runs the user's function for a call: the closure of a route, the injected values,
//! the invocation.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::scope::{Scope, local, shown_at};
use crate::model::{Function, Parameter, Receiver, Role};

/// Generates `move |call: Call| -> Future { Box::pin(async move { body }) }`, with an `Arc` of the
/// provider if the function has a receiver. The whole body of a blocking function runs on the pool,
/// so that it can borrow values.
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
    // Errors about a future that is not `Send` are reported at the function's name.
    let pin = quote_spanned!(shown_at(function.ident.span())=> ::std::boxed::Box::pin(async move { #body }));
    with_provider(
        function.receiver.is_some(),
        quote!(#call: #call_type),
        quote!(-> #future_type),
        pin,
    )
}

/// Generates the closure around `body`, with its own clone of the provider if it uses one.
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

/// Generates `let arg1 = State::from_context(call.context())?;` for each injected parameter. The
/// call of the trait verifies the guess of the model.
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

/// Generates `.takes::<State<S>>()` for each injected parameter, so that the server is checked to
/// have what the parameter needs.
pub(super) fn needs(function: &Function) -> TokenStream {
    let one = |Parameter { ty, role, .. }: &Parameter| match role {
        Role::Injected { .. } => Some(quote!(.takes::<#ty>())),
        Role::Argument(_) => None,
    };
    function.parameters.iter().filter_map(one).collect()
}

/// Generates `let value = Self::function(&*this, arg1, &arg2).await;`.
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

/// Returns the span for errors about the returned type.
pub(super) fn output_span(function: &Function) -> proc_macro2::Span {
    // An omitted return type, which is read as `()`, has no span.
    let is_unit = matches!(&function.output, syn::Type::Tuple(tuple) if tuple.elems.is_empty());
    shown_at(if is_unit { function.ident.span() } else { function.output.span() })
}
