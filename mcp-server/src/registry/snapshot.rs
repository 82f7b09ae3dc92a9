//! What the server offers at one moment: an immutable snapshot, replaced as a whole by a change.
//!
//! A call looks its route up in a map; a list is serialized once per revision and kept with the snapshot, so a
//! change drops the copies by dropping the snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::types::{
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
};

use super::family::{Family, ListRequest};
use crate::error::BuildError;
use crate::prompt::PromptRoute;
use crate::resource::{ResourceKind, ResourceRoute};
use crate::tool::ToolRoute;

/// Everything that is offered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry {
    pub(crate) tools: Family<ToolRoute>,
    pub(crate) prompts: Family<PromptRoute>,
    pub(crate) resources: Family<ResourceRoute>,
    pub(crate) templates: Family<ResourceRoute>,
}

impl Registry {
    // ---- adding, with the rules for names ---------------------------------------------------------------

    pub(crate) fn add_tool(
        &mut self,
        route: ToolRoute,
    ) -> Result<Option<Arc<ToolRoute>>, BuildError> {
        let name = route.tool.name.clone();
        check_name("tool", &name)?;
        let root = route.tool.input_schema.as_value();
        if root.get("type").is_none_or(|root| root != "object") {
            return Err(BuildError::Invalid {
                kind: "tool",
                name,
                reason: "the root of its input schema must have \"type\": \"object\"; take a struct or a map"
                    .into(),
            });
        }
        if let Err(mistake) = &route.headers {
            return Err(BuildError::Invalid {
                kind: "tool",
                name,
                reason: format!("its input schema: {mistake}"),
            });
        }
        Ok(self.tools.insert(&name, route))
    }

    pub(crate) fn add_prompt(
        &mut self,
        route: PromptRoute,
    ) -> Result<Option<Arc<PromptRoute>>, BuildError> {
        let name = route.prompt.name.clone();
        if name.is_empty() {
            return Err(BuildError::Invalid {
                kind: "prompt",
                name,
                reason: "the name is empty".into(),
            });
        }
        Ok(self.prompts.insert(&name, route))
    }

    pub(crate) fn add_resource(
        &mut self,
        route: ResourceRoute,
    ) -> Result<Option<Arc<ResourceRoute>>, BuildError> {
        let name = route.uri().to_owned();
        let invalid = |reason: String| {
            Err(BuildError::Invalid { kind: "resource", name: name.clone(), reason })
        };
        if !has_scheme(&name) {
            return invalid("a URI begins with a scheme, such as \"note://\" (RFC 3986)".into());
        }
        match &route.kind {
            ResourceKind::Resource(_) => {
                self.templates.offer();
                Ok(self.resources.insert(&name, route))
            }
            ResourceKind::Template { template: Err(error), .. } => invalid(error.to_string()),
            ResourceKind::Template { template: Ok(_), .. } => {
                self.resources.offer();
                Ok(self.templates.insert(&name, route))
            }
        }
    }

    pub(crate) fn remove_resource(&mut self, uri: &str) -> bool {
        self.resources.remove(uri) || self.templates.remove(uri)
    }

    // ---- finding ----------------------------------------------------------------------------------------

    /// The route that reads a URI, and the variables of its template.
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

    /// Whether any argument has suggestions.
    pub(crate) fn has_completers(&self) -> bool {
        self.prompts.iter().any(|route| !route.completers.is_empty())
            || self.templates.iter().any(|route| !route.completers.is_empty())
    }

    // ---- lists ------------------------------------------------------------------------------------------

    pub(crate) fn list_tools(&self, request: &ListRequest<'_>) -> Result<JsonBytes, ErrorObject> {
        self.tools.page(request, |routes, next| {
            let mut result =
                ListToolsResult::new(routes.map(|route| route.tool.clone()).collect::<Vec<_>>());
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

/// TOOL-7: 1 to 128 of `[A-Za-z0-9_.-]`.
fn check_name(kind: &'static str, name: &str) -> Result<(), BuildError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if (1..=128).contains(&name.len()) && name.bytes().all(fits) {
        return Ok(());
    }
    let reason = "a name has 1 to 128 characters out of A-Z a-z 0-9 _ - .".into();
    Err(BuildError::Invalid { kind, name: name.into(), reason })
}

fn has_scheme(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
}
