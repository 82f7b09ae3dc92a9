//! What the server offers at one moment: an immutable snapshot, replaced as a whole by a change.
//!
//! A call looks its route up in a map; a list is serialized once per revision and kept with the snapshot, so a
//! change drops the copies by dropping the snapshot.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use mcp_core::era::{Encoder, WireResult};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::Revision;
use mcp_core::types::{
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
};

use crate::error::BuildError;
use crate::prompt::PromptRoute;
use crate::resource::{Kind, ResourceRoute};
use crate::tool::ToolRoute;

/// Everything that is offered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registry {
    pub(crate) tools: Family<ToolRoute>,
    pub(crate) prompts: Family<PromptRoute>,
    pub(crate) resources: Family<ResourceRoute>,
    pub(crate) templates: Family<ResourceRoute>,
}

/// Routes of one kind, in order of registration, by name or URI.
#[derive(Debug)]
pub(crate) struct Family<T> {
    routes: IndexMap<Arc<str>, Arc<T>>,
    /// The capability is declared: something was registered, though it may be gone by now.
    offered: bool,
    /// The list in each revision, written when it is first asked for.
    lists: [OnceLock<Pages>; Revision::ALL.len()],
}

/// One list, page by page.
#[derive(Debug)]
struct Pages {
    first: JsonBytes,
    /// The other pages by the cursor that leads to them: the name of the last item before.
    others: HashMap<Arc<str>, JsonBytes>,
}

impl<T> Default for Family<T> {
    fn default() -> Self {
        Self { routes: IndexMap::new(), offered: false, lists: Default::default() }
    }
}

/// A copy that is about to be changed, so the written lists stay behind.
impl<T> Clone for Family<T> {
    fn clone(&self) -> Self {
        Self { routes: self.routes.clone(), offered: self.offered, lists: Default::default() }
    }
}

impl<T> Family<T> {
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<T>> {
        self.routes.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.routes.values()
    }

    pub(crate) fn is_offered(&self) -> bool {
        self.offered
    }

    pub(crate) fn offer(&mut self) {
        self.offered = true;
    }

    pub(crate) fn remove(&mut self, name: &str) -> bool {
        self.lists = Default::default();
        self.routes.shift_remove(name).is_some()
    }

    /// Puts in a route; gives back the one of the same name that it replaced, in its place.
    pub(crate) fn insert(&mut self, name: &str, route: T) -> Option<Arc<T>> {
        self.lists = Default::default();
        self.offered = true;
        self.routes.insert(name.into(), Arc::new(route))
    }

    /// A page of the list in a revision.
    fn page<R: WireResult>(
        &self,
        cursor: Option<&str>,
        revision: Revision,
        encoder: &Encoder,
        page_size: usize,
        list: impl Fn(&mut dyn Iterator<Item = &T>, Option<String>) -> R,
    ) -> Result<JsonBytes, ErrorObject> {
        let failed = |error| crate::error::internal("writing a list", &error);
        let cell = &self.lists[revision.index()];
        let pages = match cell.get() {
            Some(pages) => pages,
            None => {
                let pages =
                    self.write_pages(revision, encoder, page_size, &list).map_err(failed)?;
                cell.get_or_init(|| pages)
            }
        };
        match cursor {
            None => Ok(pages.first.clone()),
            Some(cursor) => match pages.others.get(cursor) {
                Some(page) => Ok(page.clone()),
                None => {
                    // A cursor from before a change that moved the pages: go on behind the item it names.
                    let last = self.routes.get_index_of(cursor).ok_or_else(|| {
                        ErrorObject::invalid_params(
                            "/cursor: not a cursor of this list, or the list has changed; start over",
                        )
                    })?;
                    self.write_page(last + 1, revision, encoder, page_size, list).map_err(failed)
                }
            },
        }
    }

    fn write_pages<R: WireResult>(
        &self,
        revision: Revision,
        encoder: &Encoder,
        page_size: usize,
        list: impl Fn(&mut dyn Iterator<Item = &T>, Option<String>) -> R,
    ) -> Result<Pages, serde_json::Error> {
        let write = |start| self.write_page(start, revision, encoder, page_size, &list);
        let first = write(0)?;
        let mut others = HashMap::new();
        let mut start = page_size;
        while start < self.routes.len() {
            if let Some((cursor, _)) = self.routes.get_index(start - 1) {
                others.insert(Arc::clone(cursor), write(start)?);
            }
            start = start.saturating_add(page_size);
        }
        Ok(Pages { first, others })
    }

    fn write_page<R: WireResult>(
        &self,
        start: usize,
        revision: Revision,
        encoder: &Encoder,
        page_size: usize,
        list: impl Fn(&mut dyn Iterator<Item = &T>, Option<String>) -> R,
    ) -> Result<JsonBytes, serde_json::Error> {
        let end = self.routes.len().min(start.saturating_add(page_size));
        let slice = self.routes.as_slice().get_range(start..end);
        let next = (end < self.routes.len()).then(|| self.routes.get_index(end - 1)).flatten();
        let next = next.map(|(name, _)| name.to_string());
        let mut routes = slice.into_iter().flat_map(|slice| slice.values()).map(|route| &**route);
        encoder.encode(list(&mut routes, next), revision)
    }
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
            Kind::Resource(_) => {
                self.templates.offer();
                Ok(self.resources.insert(&name, route))
            }
            Kind::Template { template: Err(error), .. } => invalid(error.to_string()),
            Kind::Template { template: Ok(_), .. } => {
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
            Kind::Template { template: Ok(template), .. } => Some((route, template.matches(uri)?)),
            _ => None,
        })
    }

    /// Whether any argument has suggestions.
    pub(crate) fn has_completers(&self) -> bool {
        self.prompts.iter().any(|route| !route.completers.is_empty())
            || self.templates.iter().any(|route| !route.completers.is_empty())
    }

    // ---- lists ------------------------------------------------------------------------------------------

    pub(crate) fn list_tools(&self, ask: &ListAsk<'_>) -> Result<JsonBytes, ErrorObject> {
        self.tools.page(ask.cursor, ask.revision, ask.encoder, ask.page_size, |routes, next| {
            let mut result =
                ListToolsResult::new(routes.map(|route| route.tool.clone()).collect::<Vec<_>>());
            result.next_cursor = next;
            result
        })
    }

    pub(crate) fn list_prompts(&self, ask: &ListAsk<'_>) -> Result<JsonBytes, ErrorObject> {
        self.prompts.page(ask.cursor, ask.revision, ask.encoder, ask.page_size, |routes, next| {
            let mut result = ListPromptsResult::new(
                routes.map(|route| route.prompt.clone()).collect::<Vec<_>>(),
            );
            result.next_cursor = next;
            result
        })
    }

    pub(crate) fn list_resources(&self, ask: &ListAsk<'_>) -> Result<JsonBytes, ErrorObject> {
        self.resources.page(ask.cursor, ask.revision, ask.encoder, ask.page_size, |routes, next| {
            let listed = routes.filter_map(|route| match &route.kind {
                Kind::Resource(resource) => Some(resource.clone()),
                Kind::Template { .. } => None,
            });
            let mut result = ListResourcesResult::new(listed.collect::<Vec<_>>());
            result.next_cursor = next;
            result
        })
    }

    pub(crate) fn list_templates(&self, ask: &ListAsk<'_>) -> Result<JsonBytes, ErrorObject> {
        self.templates.page(ask.cursor, ask.revision, ask.encoder, ask.page_size, |routes, next| {
            let listed = routes.filter_map(|route| match &route.kind {
                Kind::Template { listed, .. } => Some(listed.clone()),
                Kind::Resource(_) => None,
            });
            let mut result = ListResourceTemplatesResult::new(listed.collect::<Vec<_>>());
            result.next_cursor = next;
            result
        })
    }
}

/// What a list request asks for.
pub(crate) struct ListAsk<'a> {
    pub(crate) cursor: Option<&'a str>,
    pub(crate) revision: Revision,
    pub(crate) encoder: &'a Encoder,
    pub(crate) page_size: usize,
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
