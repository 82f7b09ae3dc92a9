//! A resource or a resource template.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{
    handler::{closure, injections, invocation, needs, output_span},
    listing::listing,
    prompt::{completers, decoding, reply},
    scope::{Scope, local, local_at},
};
use crate::model::Resource;

pub(super) fn route(scope: &Scope<'_>, resource: &Resource) -> TokenStream {
    let krate = scope.krate;
    let Resource { function, listing: attributes, uri, mime, size, annotations } = resource;
    let name = &attributes.name;
    let setters = listing(attributes);
    let (mime, size, annotations) = (mime.iter(), size.iter(), annotations.iter());
    let completers = completers(scope, function);
    let decoding = decoding(scope, function, &quote!(variable));
    let injections = injections(scope, function);
    let invocation = invocation(scope, function);
    let span = output_span(function);
    let (value, call) = (local_at("value", span), local("call"));
    let success = quote_spanned! {span=>
        #krate::resource::IntoResourceResult::into_resource_result(#value, #call.uri(), #call.mime_type())
    };
    let (reply, needs) = (reply(scope, function, &success), needs(function));
    let body = quote!(#decoding #injections #invocation #reply);
    let handler = closure(
        scope,
        function,
        &quote!(#krate::resource::ResourceCall),
        &quote!(#krate::resource::ResourceFuture),
        body,
    );
    quote! {
        #krate::resource::ResourceRoute::builder(#uri, #name) #setters
            #(.mime_type(#mime))* #(.size(#size))* #(.annotations(#annotations))* #completers #needs
            .raw(#handler)
    }
}
