//! The code that is emitted. Nothing is decided here: each file turns one part of the model into the calls of
//! the public builders which a user would write by hand, plus what [`scope`] names from the runtime's hidden
//! module.

mod arguments;
mod block;
mod free;
mod handler;
mod prompt;
mod resource;
mod scope;
mod tool;

pub(crate) use self::{
    block::{block, provider},
    free::{companion, free},
};

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::{Listing, Route};
use scope::Scope;

/// The expression of a route.
fn route(scope: &Scope<'_>, route: &Route) -> TokenStream {
    match route {
        Route::Tool(tool) => tool::route(scope, tool),
        Route::Prompt(prompt) => prompt::route(scope, prompt),
        Route::Resource(resource) => resource::route(scope, resource),
    }
}

/// The setters that all builders share.
fn listing(listing: &Listing) -> TokenStream {
    let Listing { title, description, icons, meta, .. } = listing;
    let title = title.iter();
    let description = description.iter();
    let icons = icons.iter();
    let meta = meta.iter();
    quote!(#(.title(#title))* #(.description(#description))* #(.icons(#icons))* #(.meta(#meta))*)
}
