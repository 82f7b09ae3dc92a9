//! The routes of one kind, and their encoded lists.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use indexmap::IndexMap;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorKind, ErrorObject};
use mcp_core::revision::{Revision, Rules};
use mcp_core::types::CacheScope;
use serde_json::json;

use super::route_filter::{ListedRoute, RouteFilters};
use crate::auth::{AccessRules, Principal, RouteScopes};
use crate::prompt::PromptRoute;
use crate::resource::{ResourceKind, ResourceRoute};
use crate::tool::ToolRoute;
use crate::wire::{Encoder, WireResult, digest};

/// Routes of one kind by name or URI, in order of registration.
#[derive(Debug)]
pub(crate) struct RouteTable<T> {
    routes: IndexMap<Arc<str>, Arc<T>>,
    /// Whether the capability is declared. It stays declared when the last route is removed.
    offered: bool,
    /// Whether a route has had scopes.
    is_restricted: bool,
    /// Whether a route has had a dialect.
    has_dialects: bool,
    /// The list in each revision, encoded at the first request.
    lists: [OnceLock<Box<Pages>>; Revision::ALL.len()],
    /// The digest of the list, computed when it is first needed.
    digest: OnceLock<Box<str>>,
}

/// The pages of one list.
#[derive(Debug)]
struct Pages {
    first: JsonBytes,
    /// The other pages by their cursor: the name of the last item of the page before.
    others: HashMap<Arc<str>, JsonBytes>,
}

impl<T> Default for RouteTable<T> {
    fn default() -> Self {
        Self {
            routes: IndexMap::new(),
            offered: false,
            is_restricted: false,
            has_dialects: false,
            lists: Default::default(),
            digest: OnceLock::new(),
        }
    }
}

/// Copies the routes without the encoded lists, because the copy is about to be changed.
impl<T> Clone for RouteTable<T> {
    fn clone(&self) -> Self {
        let Self { offered, is_restricted, has_dialects, .. } = *self;
        let routes = self.routes.clone();
        Self { routes, offered, is_restricted, has_dialects, ..Self::default() }
    }
}

impl<T: Restricted> RouteTable<T> {
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<T>> {
        self.routes.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.routes.values()
    }

    pub(crate) fn is_offered(&self) -> bool {
        self.offered
    }

    /// Whether a route has had scopes.
    pub(crate) fn is_restricted(&self) -> bool {
        self.is_restricted
    }

    /// Whether the parameters of calls may have to be translated.
    #[inline]
    pub(crate) fn has_dialects(&self) -> bool {
        self.has_dialects
    }

    /// Notes which routes have a dialect, when that of the server is known.
    pub(crate) fn note_dialects(&mut self) {
        self.has_dialects |= self.routes.values().any(|route| route.has_dialect());
    }

    pub(crate) fn offer(&mut self) {
        self.offered = true;
    }

    fn forget_lists(&mut self) {
        self.lists = Default::default();
        self.digest = OnceLock::new();
    }

    /// Removes a route and returns it. It contains user code, so it must not be dropped under a
    /// lock.
    #[must_use = "drop it when the registry is unlocked"]
    pub(crate) fn remove(&mut self, name: &str) -> Option<Arc<T>> {
        self.forget_lists();
        self.routes.shift_remove(name)
    }

    /// Inserts a route and returns the one of the same name that it replaces.
    #[must_use = "drop it when the registry is unlocked"]
    pub(crate) fn insert(&mut self, name: &str, route: Arc<T>) -> Option<Arc<T>> {
        self.forget_lists();
        self.offered = true;
        self.is_restricted |= !route.scopes().is_empty();
        self.has_dialects |= route.has_dialect();
        self.routes.insert(name.into(), route)
    }

    /// Returns a page of the list. `list` creates the result from routes and the cursor of the next
    /// page.
    pub(super) fn page<R: WireResult>(
        &self,
        request: &ListRequest<'_>,
        list: impl Fn(&mut dyn Iterator<Item = &T>, Option<String>) -> R,
    ) -> Result<JsonBytes, ErrorObject> {
        let failed = |error| crate::error::internal("encoding a list", &error);
        if request.filter.is_some() || request.viewer.is_some_and(|viewer| self.hides_from(viewer))
        {
            let start = match request.cursor {
                // A cursor that names what the caller does not see is unknown to it.
                Some(cursor) => self.start_behind(cursor, |route| request.lists(route))?,
                None => 0,
            };
            return self.write_visible(start, request, list).map_err(failed);
        }
        let cell = &self.lists[request.revision.index()];
        let pages = match cell.get() {
            Some(pages) => pages,
            None => {
                let pages = Box::new(self.write_pages(request, &list).map_err(failed)?);
                cell.get_or_init(|| pages)
            }
        };
        match request.cursor {
            None => Ok(pages.first.clone()),
            Some(cursor) => match pages.others.get(cursor) {
                Some(page) => Ok(page.clone()),
                None => {
                    // A cursor from before a change that moved the pages: continue after the item
                    // it names.
                    let start = self.start_behind(cursor, |_| true)?;
                    self.write_page(start, request, list).map_err(failed)
                }
            },
        }
    }

    /// Returns the number of the item behind the one that a cursor names.
    fn start_behind(
        &self,
        cursor: &str,
        is_visible: impl Fn(&T) -> bool,
    ) -> Result<usize, ErrorObject> {
        let found = self.routes.get_full(cursor).filter(|(_, _, route)| is_visible(route));
        found.map(|(last, _, _)| last + 1).ok_or_else(|| {
            ErrorObject::invalid_params(
                "/cursor: unknown cursor, or the list has changed; start from the first page",
            )
            .with_kind(
                ErrorKind::StaleState,
                &json!({ "kind": "cursor", "reason": "unknown", "restart": true }),
            )
        })
    }

    /// Whether a caller does not see the whole list.
    fn hides_from(&self, viewer: &Viewer<'_>) -> bool {
        !self.routes.values().all(|route| viewer.sees(&**route))
    }

    /// Returns a page of what a caller sees. It is not stored: callers differ.
    fn write_visible<R: WireResult>(
        &self,
        start: usize,
        request: &ListRequest<'_>,
        list: impl Fn(&mut dyn Iterator<Item = &T>, Option<String>) -> R,
    ) -> Result<JsonBytes, serde_json::Error> {
        let mut visible =
            self.routes.iter().skip(start).filter(|(_, route)| request.lists(&***route));
        let page: Vec<_> = visible.by_ref().take(request.page_size).collect();
        let last = page.last().filter(|_| visible.next().is_some());
        let next = last.map(|(name, _)| name.to_string());
        let result = list(&mut page.iter().map(|(_, route)| &***route), next);
        self.finish_page(result, request, list)
    }

    fn write_pages<R: WireResult>(
        &self,
        request: &ListRequest<'_>,
        list: impl Fn(&mut dyn Iterator<Item = &T>, Option<String>) -> R,
    ) -> Result<Pages, serde_json::Error> {
        let write = |start| self.write_page(start, request, &list);
        let first = write(0)?;
        let mut others = HashMap::new();
        let mut start = request.page_size;
        while start < self.routes.len() {
            if let Some((cursor, _)) = self.routes.get_index(start - 1) {
                others.insert(Arc::clone(cursor), write(start)?);
            }
            start = start.saturating_add(request.page_size);
        }
        Ok(Pages { first, others })
    }

    fn write_page<R: WireResult>(
        &self,
        start: usize,
        request: &ListRequest<'_>,
        list: impl Fn(&mut dyn Iterator<Item = &T>, Option<String>) -> R,
    ) -> Result<JsonBytes, serde_json::Error> {
        let end = self.routes.len().min(start.saturating_add(request.page_size));
        let slice = self.routes.as_slice().get_range(start..end);
        let next = (end < self.routes.len()).then(|| self.routes.get_index(end - 1)).flatten();
        let next = next.map(|(name, _)| name.to_string());
        let mut routes = slice.into_iter().flat_map(|slice| slice.values()).map(|route| &**route);
        let result = list(&mut routes, next);
        self.finish_page(result, request, list)
    }

    fn finish_page<R: WireResult>(
        &self,
        mut result: R,
        request: &ListRequest<'_>,
        list: impl Fn(&mut dyn Iterator<Item = &T>, Option<String>) -> R,
    ) -> Result<JsonBytes, serde_json::Error> {
        if (self.is_restricted || request.filter.is_some())
            && let Some((_, scope)) = result.cache_mut()
        {
            *scope = Some(CacheScope::Private); // Callers may see different lists.
        }
        if request.rules.digests
            && let Some(digest) = result.digest_mut()
        {
            *digest = Some(self.digest(request.rules, &list)?.to_owned());
        }
        request.encoder.encode(result, request.rules)
    }

    /// Returns the digest of the whole list, for the only rules that have digests.
    pub(super) fn digest<R: WireResult>(
        &self,
        rules: &Rules,
        list: impl Fn(&mut dyn Iterator<Item = &T>, Option<String>) -> R,
    ) -> Result<&str, serde_json::Error> {
        if let Some(digest) = self.digest.get() {
            return Ok(digest);
        }
        let mut routes = self.routes.values().map(|route| &**route);
        let digest = digest(list(&mut routes, None), rules)?;
        Ok(self.digest.get_or_init(|| digest.into()))
    }
}

/// A request for a page of a list.
pub(crate) struct ListRequest<'a> {
    pub(crate) cursor: Option<&'a str>,
    pub(crate) revision: Revision,
    pub(crate) rules: &'a Rules,
    pub(crate) encoder: &'a Encoder,
    pub(crate) page_size: usize,
    /// The caller, if scopes restrict what it sees.
    pub(crate) viewer: Option<&'a Viewer<'a>>,
    /// What layers hide.
    pub(crate) filter: Option<&'a RouteFilters>,
}

impl ListRequest<'_> {
    fn lists(&self, route: &impl Restricted) -> bool {
        self.viewer.is_none_or(|viewer| viewer.sees(route))
            && self.filter.is_none_or(|filter| filter.list(route.listed()))
    }
}

/// A caller who sees only the routes that it may use.
pub(crate) struct Viewer<'a> {
    pub(crate) rules: &'a AccessRules,
    pub(crate) principal: Option<&'a Principal>,
}

impl Viewer<'_> {
    fn sees(&self, route: &impl Restricted) -> bool {
        self.rules.may_use(route.scopes(), self.principal)
    }
}

/// A route that not every caller sees.
pub(crate) trait Restricted {
    fn scopes(&self) -> &RouteScopes;
    fn listed(&self) -> ListedRoute<'_>;
    /// Whether its calls may be in the form of a dialect.
    fn has_dialect(&self) -> bool {
        false
    }
}

impl Restricted for ToolRoute {
    fn scopes(&self) -> &RouteScopes {
        &self.scopes
    }

    fn listed(&self) -> ListedRoute<'_> {
        ListedRoute::Tool { name: self.name(), annotations: self.annotations() }
    }

    fn has_dialect(&self) -> bool {
        self.has_dialect()
    }
}

impl Restricted for PromptRoute {
    fn scopes(&self) -> &RouteScopes {
        &self.scopes
    }

    fn listed(&self) -> ListedRoute<'_> {
        ListedRoute::Prompt(&self.prompt.name)
    }
}

impl Restricted for ResourceRoute {
    fn scopes(&self) -> &RouteScopes {
        &self.scopes
    }

    fn listed(&self) -> ListedRoute<'_> {
        match &self.kind {
            ResourceKind::Resource(_) => ListedRoute::Resource(self.uri()),
            ResourceKind::Template { .. } => ListedRoute::Template(self.uri()),
        }
    }
}
