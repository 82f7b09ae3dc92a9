//! A route of any kind.

use proc_macro2::TokenStream;

use super::{prompt, resource, scope::Scope, tool};
use crate::model::Route;

/// The expression of a route.
pub(super) fn route(scope: &Scope<'_>, route: &Route) -> TokenStream {
    match route {
        Route::Tool(tool) => tool::route(scope, tool),
        Route::Prompt(prompt) => prompt::route(scope, prompt),
        Route::Resource(resource) => resource::route(scope, resource),
    }
}
