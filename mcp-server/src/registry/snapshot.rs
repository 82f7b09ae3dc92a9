//! All routes at one moment: an immutable snapshot, replaced by each change.
//!
//! A call looks up its route in a map. A list is encoded once for each revision and stored in the
//! snapshot, so it is dropped together with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
};

use super::route_table::{ListRequest, RouteTable};
use crate::prompt::PromptRoute;
use crate::resource::{ResourceKind, ResourceRoute};
use crate::tool::ToolRoute;

/// All routes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry {
    pub(crate) tools: RouteTable<ToolRoute>,
    pub(crate) prompts: RouteTable<PromptRoute>,
    pub(crate) resources: RouteTable<ResourceRoute>,
    pub(crate) templates: RouteTable<ResourceRoute>,
}

impl Registry {
    // ---- changes: they return the removed route ----

    #[must_use = "drop it when the registry is unlocked"]
    pub(crate) fn insert_tool(&mut self, route: Arc<ToolRoute>) -> Option<Arc<ToolRoute>> {
        self.tools.insert(Arc::clone(&route).name(), route)
    }

    #[must_use = "drop it when the registry is unlocked"]
    pub(crate) fn insert_prompt(&mut self, route: Arc<PromptRoute>) -> Option<Arc<PromptRoute>> {
        self.prompts.insert(&Arc::clone(&route).prompt.name, route)
    }

    #[must_use = "drop it when the registry is unlocked"]
    pub(crate) fn insert_resource(
        &mut self,
        route: Arc<ResourceRoute>,
    ) -> Option<Arc<ResourceRoute>> {
        let uri = route.uri().to_owned();
        match &route.kind {
            ResourceKind::Resource(_) => {
                self.templates.offer();
                self.resources.insert(&uri, route)
            }
            ResourceKind::Template { .. } => {
                self.resources.offer();
                self.templates.insert(&uri, route)
            }
        }
    }

    #[must_use = "drop it when the registry is unlocked"]
    pub(crate) fn remove_resource(&mut self, uri: &str) -> Option<Arc<ResourceRoute>> {
        self.resources.remove(uri).or_else(|| self.templates.remove(uri))
    }

    // ---- look-ups ----

    /// Returns the route that reads a URI, and the variables of its template.
    pub(crate) fn resource(
        &self,
        uri: &str,
    ) -> Option<(&Arc<ResourceRoute>, BTreeMap<String, String>)> {
        if let Some(route) = self.resources.get(uri) {
            return Some((route, BTreeMap::new()));
        }
        self.templates.iter().find_map(|route| match &route.kind {
            ResourceKind::Template { template: Ok(template), .. } => {
                Some((route, template.matches(uri)?))
            }
            _ => None,
        })
    }

    /// Whether any argument has a completer.
    pub(crate) fn has_completers(&self) -> bool {
        self.prompts.iter().any(|route| !route.completers.is_empty())
            || self.templates.iter().any(|route| !route.completers.is_empty())
    }

    // ---- lists ----

    pub(crate) fn list_tools(&self, request: &ListRequest<'_>) -> Result<JsonBytes, ErrorObject> {
        self.tools.page(request, |routes, next| {
            let mut result =
                ListToolsResult::new(routes.map(ToolRoute::describe).collect::<Vec<_>>());
            result.next_cursor = next;
            result
        })
    }

    pub(crate) fn list_prompts(&self, request: &ListRequest<'_>) -> Result<JsonBytes, ErrorObject> {
        self.prompts.page(request, |routes, next| {
            let mut result = ListPromptsResult::new(
                routes.map(|route| route.prompt.clone()).collect::<Vec<_>>(),
            );
            result.next_cursor = next;
            result
        })
    }

    pub(crate) fn list_resources(
        &self,
        request: &ListRequest<'_>,
    ) -> Result<JsonBytes, ErrorObject> {
        self.resources.page(request, |routes, next| {
            let listed = routes.filter_map(|route| match &route.kind {
                ResourceKind::Resource(resource) => Some(resource.clone()),
                ResourceKind::Template { .. } => None,
            });
            let mut result = ListResourcesResult::new(listed.collect::<Vec<_>>());
            result.next_cursor = next;
            result
        })
    }

    pub(crate) fn list_templates(
        &self,
        request: &ListRequest<'_>,
    ) -> Result<JsonBytes, ErrorObject> {
        self.templates.page(request, |routes, next| {
            let listed = routes.filter_map(|route| match &route.kind {
                ResourceKind::Template { listed, .. } => Some(listed.clone()),
                ResourceKind::Resource(_) => None,
            });
            let mut result = ListResourceTemplatesResult::new(listed.collect::<Vec<_>>());
            result.next_cursor = next;
            result
        })
    }
}
