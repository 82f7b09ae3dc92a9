//! A tool.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

use super::{
    arguments::Arguments,
    handler::{closure, injections, invocation, output_span},
    listing::listing,
    scope::{Scope, local, local_at},
};
use crate::model::{Function, Tool};

pub(super) fn route(scope: &Scope<'_>, tool: &Tool) -> TokenStream {
    let krate = scope.krate;
    let Tool { function, listing: words, hints, .. } = tool;
    let arguments = Arguments::new(scope, function);
    let definition = arguments.definition();
    let schema = arguments.schema();
    let name = &words.name;
    let setters = listing(words);
    let hints = hints.iter().map(|(hint, value)| {
        let hint = format_ident!("{hint}");
        quote!(.#hint(#value))
    });
    let builder = local("builder");
    let output_schema = output_schema(scope, tool);
    let decoding = arguments.decoding();
    let injections = injections(scope, function);
    let invocation = invocation(scope, function);
    let reply = reply(scope, function);
    let body = quote!(#decoding #injections #invocation #reply);
    let handler = closure(
        scope,
        function,
        &quote!(#krate::tool::ToolCall),
        &quote!(#krate::tool::ToolFuture),
        body,
    );
    quote! {{
        #definition
        let #builder = #krate::tool::ToolRoute::builder(#name) #setters #(#hints)* .derived_input_schema(#schema);
        #output_schema
        #builder.raw(#handler)
    }}
}

/// The schema that is given, or the one that the declared type has.
fn output_schema(scope: &Scope<'_>, tool: &Tool) -> TokenStream {
    let (private, builder, schema) = (scope.private(), local("builder"), local("schema"));
    if let Some(given) = &tool.output_schema {
        return quote!(let #builder = #builder.output_schema(#given););
    }
    let output = &tool.function.output;
    quote! {
        let #schema = {
            #[allow(unused_imports)]
        use #private::{ReturnedValue as _, SuccessByTrait as _, SuccessIsNone as _, SuccessIsStructured as _};
            (&&&#private::Returned::<#output>::new().success()).output_schema()
        };
        let #builder = match #schema {
            ::core::option::Option::Some(#schema) => #builder.derived_output_schema(#schema),
            ::core::option::Option::None => #builder,
        };
    }
}

/// What becomes of the value: its type is asked, step by step.
fn reply(scope: &Scope<'_>, function: &Function) -> TokenStream {
    let span = output_span(function);
    let (private, value, error) =
        (scope.private(), local_at("value", span), local_at("error", span));
    let success = quote_spanned!(span=> (&&&#private::Success::of(&#value)).tool_result(#value));
    let failure = quote_spanned!(span=> (&&&#private::Failure::of(&#error)).tool_result(#error));
    quote! {
        #[allow(unused_imports)]
        use #private::{
            FailureByDisplay as _, FailureByTrait as _, FailureIsNone as _, ReturnedValue as _,
            SuccessByTrait as _, SuccessIsNone as _, SuccessIsStructured as _,
        };
        match #private::Returned::of(&#value).sides(#value) {
            ::core::result::Result::Ok(#value) => #success,
            ::core::result::Result::Err(#error) => #failure,
        }
    }
}
