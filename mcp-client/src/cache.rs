//! Results that the server allows to be kept (`ttlMs`), until they are old or a change is told.
//!
//! A client is one authorization context. By itself it keeps what it gets for itself; clients of a host may keep their
//! results in one place, where `public` ones are for all clients of the server, and `private` ones only for those of
//! the same principal (CACHE-3, CACHE-4). Spec: server/utilities/caching.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mcp_core::json::JsonBytes;
use mcp_core::types::{CacheScope, SubscriptionFilter};
use serde::Deserialize;
use tokio::time::Instant;

/// Longest time that a result is kept, whatever the server says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Most results that a client keeps.
const MOST: usize = 512;

/// Most bytes that a client keeps.
const MOST_BYTES: usize = 32 << 20;

/// The largest result is so small a part of all that is kept.
const LARGEST_PART: usize = 16;

/// A place where several clients keep results that servers allow to be kept (`ttlMs`): lists, resources.
///
/// It is for hosts with many clients of the same servers, such as one for each of their users. Results that a server
/// says are `public` are served to all clients of that server, `private` ones to those of the same principal alone.
/// A clone is the same place. Give it to [`ClientBuilder::shared_cache`](crate::ClientBuilder::shared_cache).
///
/// ```no_run
/// # async fn example() -> Result<(), mcp_client::Error> {
/// # use std::process::Command;
/// use mcp_client::{Client, SharedCache};
///
/// let cache = SharedCache::new();
/// for user in ["alice", "bob"] {
///     let mut command = Command::new("notes-server");
///     command.env("NOTES_USER", user);
///     let client = Client::builder().shared_cache(&cache, "notes", user).connect_command(command).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedCache(Arc<Store>);

impl SharedCache {
    /// An empty one, for at most 4,096 results and 64 MiB.
    #[must_use]
    pub fn new() -> Self {
        Self::bounded(4_096, 64 << 20)
    }

    /// An empty one, for at most so many results and bytes; a result may have a sixteenth of the bytes. When it is full
    /// those that grow old first make room.
    #[must_use]
    pub fn bounded(results: usize, bytes: usize) -> Self {
        Self(Arc::new(Store::bounded(results, bytes)))
    }

    /// How many results are kept, whether they are fresh or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().entries.len()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets what is kept for a principal of a server, as when the user signs out.
    pub fn forget(&self, server: &str, principal: &str) {
        let mut state = self.0.lock();
        state.generation += 1;
        state.drop_where(|key| {
            key.server == server.into() && key.principal.as_deref() == Some(principal)
        });
    }

    pub(crate) fn scoped(&self, server: &str, principal: &str) -> Cache {
        Cache { store: Arc::clone(&self.0), server: server.into(), principal: principal.into() }
    }
}

impl Default for SharedCache {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for SharedCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedCache").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// What a result answers: the method, and the params without `_meta`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) method: &'static str,
    pub(crate) params: Vec<u8>,
}

/// A number that grows with every invalidation: what was asked before one is not kept after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u64);

/// What a client sees of a store.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    store: Arc<Store>,
    server: Arc<str>,
    principal: Arc<str>,
}

#[derive(Debug)]
struct Store(Mutex<State>);

#[derive(Debug)]
struct State {
    entries: HashMap<Scoped, Entry>,
    bytes: usize,
    generation: u64,
    most: usize,
    most_bytes: usize,
}

/// A key with those who may see the result: a principal of the server, or all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Scoped {
    server: Arc<str>,
    principal: Option<Arc<str>>,
    key: Key,
}

impl Store {
    fn bounded(most: usize, most_bytes: usize) -> Self {
        Self(Mutex::new(State {
            entries: HashMap::new(),
            bytes: 0,
            generation: 0,
            most,
            most_bytes,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            store: Arc::new(Store::bounded(MOST, MOST_BYTES)),
            server: "".into(),
            principal: "".into(),
        }
    }
}

#[derive(Debug)]
struct Entry {
    result: JsonBytes,
    stale_at: Instant,
    size: usize,
}

/// What a change concerns.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Change<'a> {
    Tools,
    Prompts,
    Resources,
    Resource(&'a str),
    Any,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.store.lock()
    }

    fn scoped(&self, key: Key, is_public: bool) -> Scoped {
        let principal = (!is_public).then(|| Arc::clone(&self.principal));
        Scoped { server: Arc::clone(&self.server), principal, key }
    }

    /// Whether this client may see what is kept.
    fn sees(&self, key: &Scoped) -> bool {
        key.server == self.server
            && key.principal.as_ref().is_none_or(|principal| *principal == self.principal)
    }

    /// The kept result, if it is fresh.
    pub(crate) fn get(&self, key: &Key) -> Option<JsonBytes> {
        let mut state = self.lock();
        for is_public in [false, true] {
            let key = self.scoped(key.clone(), is_public);
            let Some(entry) = state.entries.get(&key) else { continue };
            if Instant::now() < entry.stale_at {
                return Some(entry.result.clone());
            }
            state.remove(&key);
        }
        None
    }

    /// What to hand to [`Cache::put`], taken before the request is sent.
    pub(crate) fn generation(&self) -> Generation {
        Generation(self.lock().generation)
    }

    /// Keeps a result, if it says that it may be kept.
    pub(crate) fn put(&self, key: Key, result: &JsonBytes, asked: Generation) {
        let size = result.as_bytes().len() + key.params.len();
        let Terms { fresh_for, is_public } = terms(result);
        let now = Instant::now();
        let Some(stale_at) = now.checked_add(fresh_for).filter(|stale_at| *stale_at > now) else {
            return;
        };
        let mut state = self.lock();
        if state.generation != asked.0 || size > state.most_bytes / LARGEST_PART {
            return;
        }
        // What it was before, for whomever, is not any more.
        state.remove(&self.scoped(key.clone(), !is_public));
        let key = self.scoped(key, is_public);
        state.remove(&key);
        state.make_room(size, now);
        state.bytes += size;
        // A copy, since the result is a slice that would hold its whole read buffer.
        let result = JsonBytes::from_trusted(result.as_bytes().to_vec());
        state.entries.insert(key, Entry { result, stale_at, size });
    }

    /// Forgets what a change concerns.
    pub(crate) fn invalidate(&self, change: Change<'_>) {
        let mut state = self.lock();
        state.generation += 1;
        state.drop_where(|key| self.sees(key) && change.concerns(&key.key));
    }

    /// Forgets what a subscription watches.
    pub(crate) fn invalidate_watched(&self, filter: &SubscriptionFilter) {
        let lists = [
            (filter.tools_list_changed, Change::Tools),
            (filter.prompts_list_changed, Change::Prompts),
            (filter.resources_list_changed, Change::Resources),
        ];
        let lists = lists
            .into_iter()
            .filter(|(watched, _)| *watched == Some(true))
            .map(|(_, change)| change);
        let resources =
            filter.resource_subscriptions.iter().flatten().map(|uri| Change::Resource(uri));
        for change in lists.chain(resources) {
            self.invalidate(change);
        }
    }

    /// Forgets all results of a method.
    pub(crate) fn forget(&self, method: &str) {
        self.lock().drop_where(|key| self.sees(key) && key.key.method == method);
    }
}

impl State {
    fn remove(&mut self, key: &Scoped) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.size;
        }
    }

    fn drop_where(&mut self, is_old: impl Fn(&Scoped) -> bool) {
        let Self { entries, bytes, .. } = self;
        entries.retain(|key, entry| {
            let keep = !is_old(key);
            if !keep {
                *bytes -= entry.size;
            }
            keep
        });
    }

    fn make_room(&mut self, size: usize, now: Instant) {
        if self.entries.len() < self.most && self.bytes + size <= self.most_bytes {
            return;
        }
        let stale: Vec<Scoped> = (self.entries.iter())
            .filter(|(_, entry)| entry.stale_at <= now)
            .map(|(key, _)| key.clone())
            .collect();
        for key in stale {
            self.remove(&key);
        }
        while self.entries.len() >= self.most || self.bytes + size > self.most_bytes {
            let soonest = self.entries.iter().min_by_key(|(_, entry)| entry.stale_at);
            let Some(key) = soonest.map(|(key, _)| key.clone()) else { return };
            self.remove(&key);
        }
    }
}

impl Change<'_> {
    fn concerns(self, key: &Key) -> bool {
        match self {
            Self::Tools => key.method == "tools/list",
            Self::Prompts => key.method == "prompts/list",
            // Nothing is said of templates; they change with the resources (T-33).
            Self::Resources => {
                is_skill(key) || matches!(key.method, "resources/list" | "resources/templates/list")
            }
            Self::Any => true,
            Self::Resource(uri) => {
                is_skill(key)
                    || (key.method == "resources/read" && is_same_or_below(uri, &key.params))
            }
        }
    }
}

/// The files of skills are resources, and their entries change with them.
fn is_skill(key: &Key) -> bool {
    matches!(key.method, "skills/list" | "skills/get")
}

/// Whether the resource read is the one told of, or one below the other.
fn is_same_or_below(told: &str, params: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Read {
        uri: String,
    }
    let Ok(Read { uri }) = serde_json::from_slice(params) else { return true };
    uri.starts_with(told) || told.starts_with(&uri)
}

/// How a result may be kept.
struct Terms {
    fresh_for: Duration,
    is_public: bool,
}

/// For how long and for whom the server says that a result may be kept: for no time and for the asker alone when it
/// does not say it well.
fn terms(result: &JsonBytes) -> Terms {
    #[derive(Deserialize)]
    struct Hint {
        #[serde(rename = "ttlMs")]
        ttl_ms: Option<f64>,
        #[serde(rename = "cacheScope", default)]
        cache_scope: Option<CacheScope>,
    }
    match result.parse() {
        Ok(Hint { ttl_ms: Some(ttl), cache_scope }) if ttl >= 1.0 => {
            #[allow(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "the cast saturates, and what is beyond the longest is cut"
            )]
            let fresh_for = Duration::from_millis(ttl as u64).min(LONGEST);
            Terms { fresh_for, is_public: cache_scope == Some(CacheScope::Public) }
        }
        _ => Terms { fresh_for: Duration::ZERO, is_public: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(method: &'static str, params: &str) -> Key {
        Key { method, params: params.as_bytes().to_vec() }
    }

    fn json(text: &str) -> JsonBytes {
        JsonBytes::from_trusted(text.as_bytes().to_vec())
    }

    #[tokio::test(start_paused = true)]
    async fn results_are_kept_as_long_as_the_server_says() {
        let cache = Cache::default();
        let tools = key("tools/list", "{}");
        for (text, kept) in [
            (r#"{"ttlMs":1000}"#, true),
            (r#"{"ttlMs":1000.0}"#, true),
            (r#"{"ttlMs":1e300}"#, true),
            (r#"{"ttlMs":0}"#, false),
            (r#"{"ttlMs":-5}"#, false),
            (r#"{"ttlMs":null}"#, false),
            (r#"{"ttlMs":"soon"}"#, false),
            (r#"{}"#, false),
        ] {
            cache.forget("tools/list");
            cache.put(tools.clone(), &json(text), cache.generation());
            assert_eq!(cache.get(&tools).is_some(), kept, "{text}");
        }
        cache.put(tools.clone(), &json(r#"{"ttlMs":1e300}"#), cache.generation());
        tokio::time::advance(LONGEST).await;
        assert_eq!(cache.get(&tools), None);
    }

    #[tokio::test(start_paused = true)]
    async fn changes_drop_what_they_concern_and_what_was_asked_before_them() {
        let cache = Cache::default();
        let fresh = json(r#"{"ttlMs":1000}"#);
        let read = |uri: &str| key("resources/read", &format!(r#"{{"uri":"{uri}"}}"#));
        let keys = [
            key("tools/list", "{}"),
            key("resources/templates/list", "{}"),
            read("a://x/y"),
            read("b://"),
        ];
        for key in &keys {
            cache.put(key.clone(), &fresh, cache.generation());
        }
        cache.invalidate(Change::Resource("a://x"));
        let kept = || keys.iter().map(|key| cache.get(key).is_some()).collect::<Vec<_>>();
        assert_eq!(kept(), [true, true, false, true]);
        cache.invalidate(Change::Resources);
        assert_eq!(kept(), [true, false, false, true]);
        let asked = cache.generation();
        cache.invalidate(Change::Tools);
        cache.put(keys[0].clone(), &fresh, asked);
        assert_eq!(kept(), [false, false, false, true]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_number_of_results_is_bounded() {
        let cache = Cache::default();
        for number in 0..MOST + 50 {
            let key = key("resources/read", &format!(r#"{{"uri":"x://{number}"}}"#));
            cache.put(key, &json(r#"{"ttlMs":1000}"#), cache.generation());
        }
        assert_eq!(cache.lock().entries.len(), MOST);
        cache.forget("resources/read");
        assert_eq!(cache.lock().bytes, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn public_results_are_for_all_of_a_server_and_private_ones_for_a_principal() {
        let shared = SharedCache::new();
        let [alice, again, bob, elsewhere] =
            [("s", "alice"), ("s", "alice"), ("s", "bob"), ("t", "alice")]
                .map(|(s, p)| shared.scoped(s, p));
        let (tools, prompts) = (key("tools/list", "{}"), key("prompts/list", "{}"));
        let seen =
            |key: &Key| [&alice, &again, &bob, &elsewhere].map(|cache| cache.get(key).is_some());
        for (scope, everyone) in [
            (r#","cacheScope":"public""#, true),
            (r#","cacheScope":"private""#, false),
            (r#","cacheScope":"Public""#, false),
            (r#","cacheScope":7"#, false),
            ("", false),
        ] {
            let result = json(&format!(r#"{{"ttlMs":60000{scope}}}"#));
            alice.put(tools.clone(), &result, alice.generation());
            let readable = scope != r#","cacheScope":7"#;
            // What was public before is not served to others any more.
            assert_eq!(
                seen(&tools),
                [readable || everyone, readable || everyone, everyone, false],
                "{scope}"
            );
            alice.invalidate(Change::Tools);
            assert_eq!(seen(&tools), [false; 4]);
        }
        let public = json(r#"{"ttlMs":60000,"cacheScope":"public"}"#);
        let private = json(r#"{"ttlMs":60000,"cacheScope":"private"}"#);
        alice.put(tools.clone(), &public, alice.generation());
        bob.put(tools.clone(), &private, bob.generation());
        assert_eq!(seen(&tools), [false, false, true, false], "the server changed its mind");

        // A change that one client is told of concerns what it sees.
        elsewhere.put(tools.clone(), &public, elsewhere.generation());
        alice.put(prompts.clone(), &private, alice.generation());
        bob.put(prompts.clone(), &private, bob.generation());
        alice.invalidate(Change::Any);
        assert_eq!(
            (seen(&prompts), seen(&tools)),
            ([false, false, true, false], [false, false, true, true])
        );
        shared.forget("s", "bob");
        assert_eq!((seen(&prompts), shared.len()), ([false; 4], 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_shared_cache_is_bounded() {
        let shared = SharedCache::bounded(3, 16 * 100);
        let caches: Vec<Cache> =
            (0..10).map(|number| shared.scoped("s", &number.to_string())).collect();
        for cache in &caches {
            cache.put(key("tools/list", "{}"), &json(r#"{"ttlMs":1000}"#), cache.generation());
        }
        assert_eq!(shared.len(), 3);
        let large = json(&format!(r#"{{"ttlMs":1000,"x":"{}"}}"#, "x".repeat(100)));
        caches[0].put(key("prompts/list", "{}"), &large, caches[0].generation());
        assert_eq!(caches[0].get(&key("prompts/list", "{}")), None);
    }
}
