//! What all routes are listed with.

use proc_macro2::TokenStream;
use quote::quote;

use crate::model::Listing;

/// The setters that all builders share.
pub(super) fn listing(listing: &Listing) -> TokenStream {
    let Listing { title, description, icons, meta, .. } = listing;
    let title = title.iter();
    let description = description.iter();
    let icons = icons.iter();
    let meta = meta.iter();
    quote!(#(.title(#title))* #(.description(#description))* #(.icons(#icons))* #(.meta(#meta))*)
}
