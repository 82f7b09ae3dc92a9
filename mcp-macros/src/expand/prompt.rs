//! A prompt, and what it shares with a resource: string arguments, their completion, and protocol
//! errors.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::{
    arguments::default_of,
    handler::{closure, injections, invocation, needs, output_span, with_provider},
    listing::listing,
    scope::{Scope, local, local_at, shown_at},
};
use crate::model::{Argument, Complete, Function, Parameter, Prompt};

pub(super) fn route(scope: &Scope<'_>, prompt: &Prompt) -> TokenStream {
    let (krate, private) = (scope.krate, scope.private());
    let Prompt { function, listing: attributes } = prompt;
    let name = &attributes.name;
    let setters = listing(attributes);
    let arguments = function.arguments().map(|(Parameter { ty, .. }, argument)| {
        let Argument { name, description, default, .. } = argument;
        let has_default = default.is_some();
        let description = match description {
            Some(text) => quote!(::core::option::Option::Some(#text)),
            None => quote!(::core::option::Option::None),
        };
        quote!(.argument(#private::prompt_argument::<#ty>(#name, #description, #has_default)))
    });
    let completers = completers(scope, function);
    let decoding = decoding(scope, function, &quote!(text));
    let injections = injections(scope, function);
    let invocation = invocation(scope, function);
    let span = output_span(function);
    let value = local_at("value", span);
    let success =
        quote_spanned!(span=> #krate::prompt::IntoPromptResult::into_prompt_result(#value));
    let (reply, needs) = (reply(scope, function, &success), needs(function));
    let body = quote!(#decoding #injections #invocation #reply);
    let handler = closure(
        scope,
        function,
        &quote!(#krate::prompt::PromptCall),
        &quote!(#krate::prompt::PromptFuture),
        body,
    );
    quote!(#krate::prompt::PromptRoute::builder(#name) #setters #(#arguments)* #completers #needs .raw(#handler))
}

/// Generates a `let` of every argument, from the string that `call.<getter>(name)` returns.
pub(super) fn decoding(
    scope: &Scope<'_>,
    function: &Function,
    getter: &TokenStream,
) -> TokenStream {
    let (krate, private, call) = (scope.krate, scope.private(), local("call"));
    let one = |(parameter, argument): (&Parameter, &Argument)| {
        let (local, ty, name) = (&parameter.local, &parameter.ty, &argument.name);
        let decoded = quote!(#krate::extract::from_text::<#ty>(#name, #call.#getter(#name))?);
        let value = match default_of(parameter, argument) {
            Some(default) => {
                quote!(if #call.#getter(#name).is_none() { #default } else { #decoded })
            }
            None => decoded,
        };
        quote!(#private::text_argument::<#ty>(); let #local = #value;)
    };
    function.arguments().map(one).collect()
}

/// Generates the conversion of the returned value. `success` converts the value of `Ok`.
pub(super) fn reply(scope: &Scope<'_>, function: &Function, success: &TokenStream) -> TokenStream {
    let span = output_span(function);
    let (private, value, error) = (scope.private(), local("value"), local_at("error", span));
    let failure = quote_spanned!(span=> (&&&#private::Failure::of(&#error)).error_object(#error));
    quote! {
        #[allow(unused_imports)]
        use #private::{
            FailureToPeer as _, FailureToPeerByDisplay as _, UnsupportedFailureToPeer as _, ReturnedValue as _,
        };
        match #private::Returned::of(&#value).to_result(#value) {
            ::core::result::Result::Ok(#value) => #success,
            ::core::result::Result::Err(#error) => ::core::result::Result::Err(#failure),
        }
    }
}

/// Generates `.complete(name, closure)` for each argument with completion.
pub(super) fn completers(scope: &Scope<'_>, function: &Function) -> TokenStream {
    let (krate, private, call, this) = (scope.krate, scope.private(), local("call"), local("this"));
    let one = |(_, argument): (&Parameter, &Argument)| {
        let name = &argument.name;
        let mut needs = None;
        let (uses_provider, span, value) = match argument.complete.as_ref()? {
            Complete::Choices(choices) => {
                (false, choices.span(), quote!(#private::complete_from(#call.value(), &#choices)))
            }
            // The types of its parameters are not known here; the compiler infers them.
            Complete::Function { path, has_receiver: false, is_async: true, injected }
                if injected.is_empty() =>
            {
                needs =
                    Some(quote!(.completes_with(|needs| #private::completion_needs(needs, #path))));
                (false, path.span(), quote!(#private::complete_by(#path, &#call)?.await))
            }
            Complete::Function { path, has_receiver, is_async, injected } => {
                let receiver = has_receiver.then(|| quote!(&*#this,));
                let wait = is_async.then(|| quote!(.await));
                needs = (!injected.is_empty()).then(|| quote!(#(.takes::<#injected>())*));
                let injected = injected.iter().map(|ty| {
                    quote!(<#ty as #krate::extract::FromContext>::from_context(#call.context())?)
                });
                (*has_receiver, path.span(), quote!(#path(#receiver &#call #(, #injected)*) #wait))
            }
        };
        // Errors about the returned type are reported at the path of the function.
        let found = local_at("found", span);
        let body = quote_spanned!(shown_at(span)=> ::std::boxed::Box::pin(async move {
            let #found = #value;
            #krate::completion::IntoCompletion::into_completion(#found)
        }));
        let parameter = quote!(#call: #krate::completion::CompletionCall);
        let closure = with_provider(
            uses_provider,
            parameter,
            quote!(-> #krate::completion::CompletionFuture),
            body,
        );
        Some(quote!(.complete(#name, #closure) #needs))
    };
    function.arguments().filter_map(one).collect()
}
