//! The attributes that all routes have.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::Listing;

/// Generates the setters that all builders have.
pub(super) fn listing(listing: &Listing) -> TokenStream {
    let Listing { title, description, icons, meta, scopes, .. } = listing;
    let title = title.iter();
    let description = description.iter();
    let icons = icons.iter();
    let meta = meta.iter();
    let scopes = scopes.iter();
    quote! {
        #(.title(#title))* #(.description(#description))* #(.icons(#icons))* #(.meta(#meta))*
        #(.scopes(#scopes))*
    }
}
