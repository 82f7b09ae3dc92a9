//! Results that the server allows to be kept (`ttlMs`), until they are old or a change is told.
//!
//! One client is one authorization context, so `private` and `public` results are kept alike and shared with
//! nobody (CACHE-4). Spec: server/utilities/caching.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mcp_core::json::JsonBytes;
use mcp_core::types::SubscriptionFilter;
use serde::Deserialize;
use tokio::time::Instant;

/// Longest time that a result is kept, whatever the server says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Most results that are kept.
const MOST: usize = 512;

/// Most bytes that are kept, and a sixteenth of it is the largest result.
const MOST_BYTES: usize = 32 << 20;

/// What a result answers: the method, and the params without `_meta`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) method: &'static str,
    pub(crate) params: Vec<u8>,
}

/// A number that grows with every invalidation: what was asked before one is not kept after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u64);

#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    entries: HashMap<Key, Entry>,
    bytes: usize,
    generation: u64,
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kept result, if it is fresh.
    pub(crate) fn get(&self, key: &Key) -> Option<JsonBytes> {
        let mut state = self.lock();
        let entry = state.entries.get(key)?;
        if Instant::now() < entry.stale_at {
            return Some(entry.result.clone());
        }
        state.remove(key);
        None
    }

    /// What to hand to [`Cache::put`], taken before the request is sent.
    pub(crate) fn generation(&self) -> Generation {
        Generation(self.lock().generation)
    }

    /// Keeps a result, if it says that it may be kept.
    pub(crate) fn put(&self, key: Key, result: &JsonBytes, asked: Generation) {
        let size = result.as_bytes().len() + key.params.len();
        let fresh_for = fresh_for(result);
        if fresh_for.is_zero() || size > MOST_BYTES / 16 {
            return;
        }
        let now = Instant::now();
        let Some(stale_at) = now.checked_add(fresh_for) else { return };
        let mut state = self.lock();
        if state.generation != asked.0 {
            return;
        }
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
        let State { entries, bytes, .. } = &mut *state;
        entries.retain(|key, entry| {
            let keep = !change.concerns(key);
            if !keep {
                *bytes -= entry.size;
            }
            keep
        });
    }

    /// Forgets what a subscription watches.
    pub(crate) fn invalidate_watched(&self, filter: &SubscriptionFilter) {
        let lists = [
            (filter.tools_list_changed, Change::Tools),
            (filter.prompts_list_changed, Change::Prompts),
            (filter.resources_list_changed, Change::Resources),
        ];
        let lists = lists.into_iter().filter(|(watched, _)| *watched == Some(true)).map(|(_, change)| change);
        let resources = filter.resource_subscriptions.iter().flatten().map(|uri| Change::Resource(uri));
        for change in lists.chain(resources) {
            self.invalidate(change);
        }
    }

    /// Forgets all results of a method.
    pub(crate) fn forget(&self, method: &str) {
        let mut state = self.lock();
        let State { entries, bytes, .. } = &mut *state;
        entries.retain(|key, entry| {
            let keep = key.method != method;
            if !keep {
                *bytes -= entry.size;
            }
            keep
        });
    }
}

impl State {
    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.size;
        }
    }

    fn make_room(&mut self, size: usize, now: Instant) {
        if self.entries.len() < MOST && self.bytes + size <= MOST_BYTES {
            return;
        }
        let stale: Vec<Key> = (self.entries.iter())
            .filter(|(_, entry)| entry.stale_at <= now)
            .map(|(key, _)| key.clone())
            .collect();
        for key in stale {
            self.remove(&key);
        }
        while self.entries.len() >= MOST || self.bytes + size > MOST_BYTES {
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
                is_skill(key) || (key.method == "resources/read" && is_same_or_below(uri, &key.params))
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

/// For how long the server says that a result is fresh; nothing when it does not say it well.
fn fresh_for(result: &JsonBytes) -> Duration {
    #[derive(Deserialize)]
    struct Hint {
        #[serde(rename = "ttlMs")]
        ttl_ms: Option<f64>,
    }
    match result.parse() {
        Ok(Hint { ttl_ms: Some(ttl) }) if ttl >= 1.0 => {
            // `as` saturates, and what is beyond the longest is cut.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            Duration::from_millis(ttl as u64).min(LONGEST)
        }
        _ => Duration::ZERO,
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
        let keys =
            [key("tools/list", "{}"), key("resources/templates/list", "{}"), read("a://x/y"), read("b://")];
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
}
