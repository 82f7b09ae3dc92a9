//! All routes at one moment: an immutable snapshot, replaced by each change.
//!
//! A call looks up its route in a map. A list is encoded once for each revision and stored in the
//! snapshot, so it is dropped together with it. So is its digest.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use mcp_core::extensions::Extensions;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, Params};
use mcp_core::method::{Method as _, PromptsList, ResourceTemplatesList, ResourcesList, ToolsList};
use mcp_core::revision::Rules;
use mcp_core::text::PeerText;
use mcp_core::types::{
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
};

use super::route_table::{ListRequest, RouteTable};
use crate::auth::{RouteScopes, ScopeSource, Variables};
use crate::error::BuildError;
use crate::prompt::PromptRoute;
use crate::resource::{ResourceKind, ResourceRoute};
use crate::tool::{ToolRoute, Translation};

/// All routes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry {
    pub(crate) tools: RouteTable<ToolRoute>,
    pub(crate) prompts: RouteTable<PromptRoute>,
    pub(crate) resources: RouteTable<ResourceRoute>,
    pub(crate) templates: RouteTable<ResourceRoute>,
    /// The digest of the result of `server/discover`, computed when it is first needed.
    pub(crate) discover_digest: OnceLock<Box<str>>,
}

impl ScopeSource for Registry {
    fn has_scopes(&self) -> bool {
        self.tools.is_restricted()
            || self.prompts.is_restricted()
            || self.resources.is_restricted()
            || self.templates.is_restricted()
    }

    fn of_tool(&self, name: &str) -> Option<&RouteScopes> {
        self.tools.get(name).map(|route| &route.scopes)
    }

    fn of_prompt(&self, name: &str) -> Option<&RouteScopes> {
        self.prompts.get(name).map(|route| &route.scopes)
    }

    fn of_resource(&self, uri: &str) -> Option<(&RouteScopes, Variables)> {
        let (route, variables) = self.resource(uri)?;
        Some((&route.scopes, variables))
    }

    fn of_template(&self, template: &str) -> Option<&RouteScopes> {
        self.templates.get(template).map(|route| &route.scopes)
    }
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

    /// Translates the arguments of a request, if it calls a tool with a dialect. This is done once,
    /// before anything reads them.
    #[cold]
    pub(crate) fn translate(&self, method: &str, params: &mut Params) -> Option<Translation> {
        Translation::of(method, params, |name| self.tools.get(name).map(|route| &**route))
    }

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

    /// Logs why each template does not match a URI.
    pub(crate) fn log_mismatches(&self, uri: &str) {
        if !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        for route in self.templates.iter() {
            if let ResourceKind::Template { template: Ok(template), .. } = &route.kind
                && let Err(mismatch) = template.values(uri)
            {
                tracing::debug!(
                    template = route.uri(),
                    uri = %PeerText::new(uri),
                    %mismatch,
                    "a URI does not match a template"
                );
            }
        }
    }

    /// Returns an error for each state that a route needs and that is not among `states`.
    pub(crate) fn missing_states<'a>(
        &'a self,
        states: &'a Extensions,
    ) -> impl Iterator<Item = BuildError> + 'a {
        let tools = self
            .tools
            .iter()
            .flat_map(|route| route.wiring.missing_states("tool", route.name(), states));
        let prompts = self
            .prompts
            .iter()
            .flat_map(|route| route.wiring.missing_states("prompt", &route.prompt.name, states));
        let resources = self
            .resources
            .iter()
            .chain(self.templates.iter())
            .flat_map(|route| route.wiring.missing_states("resource", route.uri(), states));
        tools.chain(prompts).chain(resources)
    }

    /// Whether any argument has a completer.
    pub(crate) fn has_completers(&self) -> bool {
        self.prompts.iter().any(|route| !route.completers.is_empty())
            || self.templates.iter().any(|route| !route.completers.is_empty())
    }

    /// Returns the scopes that routes need, as far as they do not depend on arguments.
    #[cfg(feature = "auth")]
    pub(crate) fn fixed_scopes(&self) -> impl Iterator<Item = &str> {
        let tools = self.tools.iter().map(|route| &route.scopes);
        let prompts = self.prompts.iter().map(|route| &route.scopes);
        let resources = self.resources.iter().chain(self.templates.iter());
        let scopes = tools.chain(prompts).chain(resources.map(|route| &route.scopes));
        scopes.flat_map(RouteScopes::fixed)
    }

    // ---- lists ----

    pub(crate) fn list_tools(&self, request: &ListRequest<'_>) -> Result<JsonBytes, ErrorObject> {
        self.tools.page(request, tools)
    }

    pub(crate) fn list_prompts(&self, request: &ListRequest<'_>) -> Result<JsonBytes, ErrorObject> {
        self.prompts.page(request, prompts)
    }

    pub(crate) fn list_resources(
        &self,
        request: &ListRequest<'_>,
    ) -> Result<JsonBytes, ErrorObject> {
        self.resources.page(request, resources)
    }

    pub(crate) fn list_templates(
        &self,
        request: &ListRequest<'_>,
    ) -> Result<JsonBytes, ErrorObject> {
        self.templates.page(request, templates)
    }

    /// Returns the digest of the result of a method that lists routes. `None` for another method,
    /// and for one whose capability is not offered.
    ///
    /// # Errors
    /// If the list cannot be encoded as JSON.
    pub(crate) fn digest(
        &self,
        method: &str,
        rules: &Rules,
    ) -> Result<Option<&str>, serde_json::Error> {
        match method {
            ToolsList::NAME if self.tools.is_offered() => self.tools.digest(rules, tools),
            PromptsList::NAME if self.prompts.is_offered() => self.prompts.digest(rules, prompts),
            ResourcesList::NAME if self.resources.is_offered() => {
                self.resources.digest(rules, resources)
            }
            ResourceTemplatesList::NAME if self.templates.is_offered() => {
                self.templates.digest(rules, templates)
            }
            _ => return Ok(None),
        }
        .map(Some)
    }
}

type Routes<'a, 'b, T> = &'a mut dyn Iterator<Item = &'b T>;

fn tools(routes: Routes<'_, '_, ToolRoute>, next: Option<String>) -> ListToolsResult {
    let mut result = ListToolsResult::new(routes.map(ToolRoute::describe).collect::<Vec<_>>());
    result.next_cursor = next;
    result
}

fn prompts(routes: Routes<'_, '_, PromptRoute>, next: Option<String>) -> ListPromptsResult {
    let prompts = routes.map(|route| route.prompt.clone());
    let mut result = ListPromptsResult::new(prompts.collect::<Vec<_>>());
    result.next_cursor = next;
    result
}

fn resources(routes: Routes<'_, '_, ResourceRoute>, next: Option<String>) -> ListResourcesResult {
    let listed = routes.filter_map(|route| match &route.kind {
        ResourceKind::Resource(resource) => Some(resource.clone()),
        ResourceKind::Template { .. } => None,
    });
    let mut result = ListResourcesResult::new(listed.collect::<Vec<_>>());
    result.next_cursor = next;
    result
}

fn templates(
    routes: Routes<'_, '_, ResourceRoute>,
    next: Option<String>,
) -> ListResourceTemplatesResult {
    let listed = routes.filter_map(|route| match &route.kind {
        ResourceKind::Template { listed, .. } => Some(listed.clone()),
        ResourceKind::Resource(_) => None,
    });
    let mut result = ListResourceTemplatesResult::new(listed.collect::<Vec<_>>());
    result.next_cursor = next;
    result
}

// Without the feature there are no digests.
#[cfg(all(test, feature = "sealed-state"))]
mod tests {
    use mcp_core::revision::{Revision, RuleSet};

    use super::*;

    fn tool(name: &str) -> Arc<ToolRoute> {
        Arc::new(ToolRoute::builder(name).handler(|| async { "" }))
    }

    #[test]
    fn a_digest_is_computed_once_after_a_change() {
        let rules = RuleSet::WITH_DRAFT.of(Revision::LATEST);
        let mut registry = Registry::default();
        assert_eq!(registry.digest(ToolsList::NAME, rules).unwrap(), None);
        drop(registry.insert_tool(tool("a")));
        let digest = |registry: &Registry| -> String {
            let computed = registry.digest(ToolsList::NAME, rules).unwrap().unwrap();
            let again = registry.digest(ToolsList::NAME, rules).unwrap().unwrap();
            assert_eq!(computed.as_ptr(), again.as_ptr());
            computed.to_owned()
        };
        let one = digest(&registry);
        drop(registry.insert_tool(tool("b")));
        assert_ne!(digest(&registry), one);
        drop(registry.tools.remove("b"));
        assert_eq!(digest(&registry), one);
    }
}
