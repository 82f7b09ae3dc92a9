//! A tool.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

use super::{
    arguments::Arguments,
    handler::{closure, injections, invocation, needs, output_span},
    listing::listing,
    scope::{Scope, local, local_at},
};
use crate::model::{Function, Tool};

pub(super) fn route(scope: &Scope<'_>, tool: &Tool) -> TokenStream {
    let krate = scope.krate;
    let Tool { function, listing: attributes, hints, .. } = tool;
    let arguments = Arguments::new(scope, function);
    let definition = arguments.definition();
    let (schema, are_standard) = (arguments.schema(), arguments.are_standard());
    let name = &attributes.name;
    let setters = listing(attributes);
    let hints = hints.iter().map(|(hint, value)| {
        let hint = format_ident!("{hint}");
        quote!(.#hint(#value))
    });
    let task = tool
        .task
        .as_ref()
        .map(|support| quote_spanned!(support.span()=> .task(#krate::task::TaskSupport::#support)));
    let recovery = tool.recovery.as_ref().map(
        |recovery| quote_spanned!(recovery.span()=> .recovery(#krate::task::Recovery::#recovery)),
    );
    let dialect = tool.dialect.as_ref().map(|dialect| {
        quote_spanned!(dialect.span()=>
            .schema_dialect(#krate::dialect::SchemaDialect::#dialect))
    });
    let builder = local("builder");
    let output_schema = output_schema(scope, tool);
    let decoding = arguments.decoding();
    let injections = injections(scope, function);
    let invocation = invocation(scope, function);
    let (reply, needs) = (reply(scope, function), needs(function));
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
        let #builder = #krate::tool::ToolRoute::builder(#name) #setters #(#hints)* #task #recovery #dialect
            .derived_input_schema(|| #schema, #are_standard);
        #output_schema
        #builder #needs .raw(#handler)
    }}
}

/// Generates the output schema: the explicit one, or that of the returned type.
fn output_schema(scope: &Scope<'_>, tool: &Tool) -> TokenStream {
    let (private, builder) = (scope.private(), local("builder"));
    if let Some(schema) = &tool.output_schema {
        return quote!(let #builder = #builder.output_schema(#schema););
    }
    let output = &tool.function.output;
    quote! {
        let #builder = #builder.derived_output_schema(|| {
            #[allow(unused_imports)]
            use #private::{ReturnedValue as _, SuccessByTrait as _, UnsupportedSuccess as _, StructuredSuccess as _};
            (&&&#private::Returned::<#output>::new().success()).output_schema()
        });
    }
}

/// Generates the conversion of the returned value, which depends on its type.
fn reply(scope: &Scope<'_>, function: &Function) -> TokenStream {
    let span = output_span(function);
    let (private, value, error) =
        (scope.private(), local_at("value", span), local_at("error", span));
    let success = quote_spanned!(span=> (&&&#private::Success::of(&#value)).tool_result(#value));
    let failure = quote_spanned!(span=> (&&&#private::Failure::of(&#error)).tool_result(#error));
    quote! {
        #[allow(unused_imports)]
        use #private::{
            FailureByDisplay as _, FailureByTrait as _, UnsupportedFailure as _, ReturnedValue as _,
            SuccessByTrait as _, UnsupportedSuccess as _, StructuredSuccess as _,
        };
        match #private::Returned::of(&#value).to_result(#value) {
            ::core::result::Result::Ok(#value) => #success,
            ::core::result::Result::Err(#error) => #failure,
        }
    }
}
