//! Keeps the results of tools that only read.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::Arc;
use std::time::Duration;

use mcp_core::deadline::later;
use mcp_core::json::{JsonBytes, canonical};
use mcp_core::revision::Revision;
use mcp_core::service::{Notification, Reply, Request, Service};
use mcp_core::sync::Mutex;
use serde_json::Value;
use tokio::time::Instant;
use tower_layer::Layer;

use super::caller::principal;
use super::result_kind::ResultKind;
use super::target::tool_name;
use crate::call::known_digests;
use crate::context::Context;
use crate::registry::Registry;
use crate::tool::ToolRoute;

/// The limits of a [`ResponseCacheLayer`]. `docs/limits.md` lists all defaults.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ResponseCacheLimits {
    /// Maximum number of results; the oldest are dropped. 1,024.
    pub max_entries: usize,
    /// Maximum size of all results and their arguments, in bytes; the oldest are dropped. 16 MiB.
    pub max_bytes: usize,
    /// Maximum size of one result with its arguments, in bytes; a larger one is not kept. 1 MiB.
    pub max_entry_bytes: usize,
}

impl Default for ResponseCacheLimits {
    fn default() -> Self {
        Self { max_entries: 1_024, max_bytes: 16 << 20, max_entry_bytes: 1 << 20 }
    }
}

impl ResponseCacheLimits {
    /// Creates the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// Answers a call of a tool with the result of an earlier call, if it had the same arguments, in
/// any order of their members, and the same caller with the same scopes.
///
/// Only tools with the annotation `readOnlyHint` are cached, and those that
/// [`ResponseCacheLayer::also_tools`] names. Callers without a [`Principal`](crate::Principal) share
/// their results. If a result depends on anything else, such as a header field, add that to the key
/// ([`ResponseCacheLayer::key`]).
///
/// Kept are complete results only: no errors (also none with `isError`), no questions, no tasks. A
/// result ends with its time, and when its tool is replaced or removed at runtime. A call that is
/// answered from the cache sends no progress and no log messages.
///
/// ```
/// use std::time::Duration;
///
/// use mcp_server::Server;
/// use mcp_server::layer::ResponseCacheLayer;
///
/// let server = Server::builder("weather", "1.0.0")
///     .layer(ResponseCacheLayer::new(Duration::from_secs(60)));
/// ```
#[derive(Clone)]
pub struct ResponseCacheLayer {
    ttl: Duration,
    limits: ResponseCacheLimits,
    also: Arc<[String]>,
    extra: Option<Arc<ExtraKey>>,
    hasher: RandomState,
    entries: Arc<Mutex<Entries>>,
}

/// Returns the hash of what else a result depends on.
type ExtraKey = dyn Fn(&Request, &RandomState) -> u64 + Send + Sync;

impl ResponseCacheLayer {
    /// Creates a layer that keeps each result for this time.
    #[must_use]
    pub fn new(ttl: Duration) -> Self {
        Self {
            ttl,
            limits: ResponseCacheLimits::default(),
            also: Arc::default(),
            extra: None,
            hasher: RandomState::new(),
            entries: Arc::default(),
        }
    }

    /// Also caches these tools, which do not have the annotation `readOnlyHint`. A repeated call of
    /// them does nothing while its result is kept.
    #[must_use]
    pub fn also_tools(mut self, tools: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.also = tools.into_iter().map(Into::into).collect();
        self
    }

    /// Adds to the key what else results depend on: only calls for which `key` returns equal values
    /// share a result.
    #[must_use]
    pub fn key<K: Hash>(mut self, key: impl Fn(&Request) -> K + Send + Sync + 'static) -> Self {
        self.extra = Some(Arc::new(move |request, hasher| hasher.hash_one(key(request))));
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: ResponseCacheLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Forgets all results.
    pub fn clear(&self) {
        let entries = std::mem::take(&mut *self.entries.lock());
        drop(entries); // Without the lock: a route of a user is dropped.
    }

    /// Returns the key of a call and its tool. `None` if the call is not cached.
    fn entry_of(&self, request: &Request) -> Option<(Key, Arc<ToolRoute>)> {
        let tool = tool_name(request)?;
        let context = Context::of(request)?;
        let registry = context.call().snapshot.downcast_ref::<Registry>()?;
        let route = registry.tools.get(&tool)?;
        let hint = route.tool().annotations.as_ref().and_then(|it| it.read_only_hint);
        if hint != Some(true) && !self.also.iter().any(|also| *also == tool) {
            return None;
        }
        let members = ["arguments", "inputResponses", "requestState", "task"];
        let [arguments, responses, state, task] = request.params.member_texts(members).ok()?;
        let is_plain = responses.is_none() && state.is_none() && task.is_none();
        if !is_plain || known_digests(&request.params).is_some() {
            return None;
        }
        let arguments = match arguments {
            None | Some("null") => Value::Object(serde_json::Map::new()),
            Some(arguments) => serde_json::from_str(arguments).ok()?,
        };
        let caller = principal(request).map(|principal| {
            // Another token of the same user may permit less.
            (principal.id().into(), principal.scopes().to_string().into())
        });
        let key = Key {
            caller,
            tool: tool.into(),
            revision: context.revision(),
            arguments: canonical(&arguments).into(),
            extra: self.extra.as_ref().map(|extra| extra(request, &self.hasher)),
        };
        Some((key, Arc::clone(route)))
    }
}

impl fmt::Debug for ResponseCacheLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseCacheLayer")
            .field("ttl", &self.ttl)
            .field("limits", &self.limits)
            .field("also", &self.also)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for ResponseCacheLayer {
    type Service = ResponseCache<S>;

    fn layer(&self, inner: S) -> ResponseCache<S> {
        ResponseCache { inner, layer: self.clone() }
    }
}

/// The service of [`ResponseCacheLayer`].
#[derive(Debug, Clone)]
pub struct ResponseCache<S> {
    inner: S,
    layer: ResponseCacheLayer,
}

impl<S: Service> Service for ResponseCache<S> {
    async fn call(&self, request: Request) -> Reply {
        let Some((key, route)) = self.layer.entry_of(&request) else {
            return self.inner.call(request).await;
        };
        let (found, stale) = self.layer.entries.lock().get(&key, &route, Instant::now());
        drop(stale);
        if let Some(result) = found {
            return Ok(result);
        }
        let result = self.inner.call(request).await?;
        if ResultKind::of(&result) == ResultKind::Complete {
            let expires_at = later(Instant::now(), self.layer.ttl);
            let bytes = key.bytes() + result.as_bytes().len();
            // A copy, because the result may be a part of a larger buffer.
            let kept = JsonBytes::from_trusted(result.as_str());
            let entry = Entry { result: kept, route, expires_at, bytes };
            let dropped = self.layer.entries.lock().insert(key, entry, &self.layer.limits);
            drop(dropped);
        }
        Ok(result)
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    /// The id of the principal and its scopes.
    caller: Option<(Box<str>, Box<str>)>,
    tool: Box<str>,
    revision: Revision,
    arguments: Box<[u8]>,
    extra: Option<u64>,
}

impl Key {
    fn bytes(&self) -> usize {
        let caller = self.caller.as_ref().map_or(0, |(id, scopes)| id.len() + scopes.len());
        caller + self.tool.len() + self.arguments.len()
    }
}

#[derive(Debug)]
struct Entry {
    result: JsonBytes,
    /// The tool that has returned it.
    route: Arc<ToolRoute>,
    expires_at: Instant,
    bytes: usize,
}

/// The results. Removed ones are returned, so that they are dropped without the lock.
#[derive(Debug, Default)]
struct Entries {
    by_key: HashMap<Arc<Key>, (u64, Entry)>,
    /// In the order in which they expire.
    order: VecDeque<(u64, Arc<Key>)>,
    bytes: usize,
    inserted: u64,
}

impl Entries {
    fn get(
        &mut self,
        key: &Key,
        route: &Arc<ToolRoute>,
        now: Instant,
    ) -> (Option<JsonBytes>, Option<Entry>) {
        let Some((_, entry)) = self.by_key.get(key) else { return (None, None) };
        if entry.expires_at > now && Arc::ptr_eq(&entry.route, route) {
            return (Some(entry.result.clone()), None);
        }
        (None, self.remove(key))
    }

    fn insert(&mut self, key: Key, entry: Entry, limits: &ResponseCacheLimits) -> Vec<Entry> {
        if entry.bytes > limits.max_entry_bytes.min(limits.max_bytes) || limits.max_entries == 0 {
            return vec![entry];
        }
        let mut dropped: Vec<Entry> = self.remove(&key).into_iter().collect();
        let (max_bytes, max_entries) = (limits.max_bytes - entry.bytes, limits.max_entries - 1);
        while self.bytes > max_bytes || self.order.len() > max_entries {
            let Some((number, key)) = self.order.pop_front() else { break };
            // Another entry may have taken its place.
            if self.by_key.get(&key).is_some_and(|(other, _)| *other == number) {
                dropped.extend(self.remove(&key));
            }
        }
        self.inserted += 1;
        self.bytes += entry.bytes;
        let key = Arc::new(key);
        self.order.push_back((self.inserted, Arc::clone(&key)));
        self.by_key.insert(key, (self.inserted, entry));
        dropped
    }

    fn remove(&mut self, key: &Key) -> Option<Entry> {
        let (_, entry) = self.by_key.remove(key)?;
        self.bytes -= entry.bytes;
        Some(entry)
    }
}
