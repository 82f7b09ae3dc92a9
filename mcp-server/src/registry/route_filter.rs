//! What a layer hides in lists.

use std::sync::Arc;

use mcp_core::types::ToolAnnotations;

/// A route in a list.
#[derive(Debug, Clone, Copy)]
#[cfg_attr(
    not(feature = "policy"),
    expect(dead_code, reason = "the layer of policies is what reads it")
)]
pub(crate) enum ListedRoute<'a> {
    Tool { name: &'a str, annotations: Option<&'a ToolAnnotations> },
    Prompt(&'a str),
    Resource(&'a str),
    Template(&'a str),
}

/// Selects the routes that a caller sees in lists.
pub(crate) trait RouteFilter: Send + Sync {
    fn lists(&self, route: ListedRoute<'_>) -> bool;
}

/// The filters of the layers that a request has passed, in the extensions of the request.
pub(crate) struct RouteFilters {
    filter: Box<dyn RouteFilter>,
    outer: Option<Arc<RouteFilters>>,
}

impl RouteFilters {
    #[cfg(feature = "policy")]
    /// Adds a filter to those of the layers outside of this one.
    pub(crate) fn new(filter: impl RouteFilter + 'static, outer: Option<Arc<Self>>) -> Self {
        Self { filter: Box::new(filter), outer }
    }

    /// Whether all filters let a route pass.
    pub(crate) fn list(&self, route: ListedRoute<'_>) -> bool {
        self.filter.lists(route) && self.outer.as_ref().is_none_or(|outer| outer.list(route))
    }
}
