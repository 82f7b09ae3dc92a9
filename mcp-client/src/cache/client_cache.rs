//! What one client sees of a cache.

use std::sync::Arc;

use mcp_core::json::JsonBytes;

use super::change::Change;
use super::limits::CacheLimits;
use super::store::{Invalidations, Key, Scope, ScopedKey, Store};

/// The part of a store that the clients of one server and one principal see.
#[derive(Debug, Clone)]
pub(crate) struct Cache {
    store: Arc<Store>,
    scope: Arc<Scope>,
    server: Arc<str>,
    principal: Arc<str>,
}

/// A point in time, for [`Cache::put`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Generation(Invalidations);

impl Cache {
    pub(super) fn new(store: &Arc<Store>, server: &str, principal: &str) -> Self {
        let (server, principal) = (server.into(), principal.into());
        let scope = store.scope(&server, &principal);
        Self { store: Arc::clone(store), scope, server, principal }
    }

    /// A cache of one client alone.
    pub(crate) fn private(limits: &CacheLimits) -> Self {
        Self::new(&Store::new(limits.clone()), "", "")
    }

    /// The keys of a result that is private and of one that is public.
    fn keys(&self, key: Key) -> [ScopedKey; 2] {
        let scoped =
            |principal, key| ScopedKey { server: Arc::clone(&self.server), principal, key };
        [scoped(Some(Arc::clone(&self.principal)), key.clone()), scoped(None, key)]
    }

    /// The kept result, if it is fresh.
    pub(crate) fn get(&self, key: &Key) -> Option<JsonBytes> {
        self.keys(key.clone()).iter().find_map(|key| self.store.get(key))
    }

    /// The point in time to pass to [`Cache::put`], taken before the request is sent.
    pub(crate) fn generation(&self) -> Generation {
        Generation(self.scope.get())
    }

    /// Keeps a result, if the server allows it and nothing was invalidated since `asked`.
    pub(crate) fn put(&self, key: Key, result: &JsonBytes, asked: Generation) {
        self.store.put(&self.scope, asked.0, self.keys(key), result);
    }

    /// Drops what a change concerns.
    pub(crate) fn invalidate(&self, change: Change<'_>) {
        self.store.invalidate(&self.server, &self.principal, |key| change.concerns(key));
    }

    /// Drops all results of a method.
    pub(crate) fn forget(&self, method: &str) {
        self.store.invalidate(&self.server, &self.principal, |key| key.method == method);
    }

    /// The credentials of this client are those of another user, or have other rights: drops its
    /// private results, and keeps none that were requested before (CACHE-4).
    #[cfg(any(feature = "http", test))]
    pub(crate) fn identity_changed(&self) {
        self.store.forget_principal(&self.server, &self.principal);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::shared::SharedCache;
    use super::*;

    fn key(method: &'static str, params: &str) -> Key {
        Key { method: method.into(), params: params.as_bytes().to_vec() }
    }

    fn json(text: &str) -> JsonBytes {
        JsonBytes::from_trusted(text)
    }

    fn private() -> Cache {
        Cache::private(&CacheLimits::new())
    }

    #[tokio::test(start_paused = true)]
    async fn a_result_is_kept_as_long_as_the_server_says() {
        let cache = private();
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
        tokio::time::advance(CacheLimits::new().max_ttl).await;
        assert_eq!(cache.get(&tools), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_drops_what_it_concerns_and_what_was_requested_before_it() {
        let cache = private();
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
    async fn entries_and_bytes_are_bounded() {
        let mut limits = CacheLimits::new();
        (limits.max_entries, limits.max_bytes, limits.max_entry_bytes) = (3, 1_600, 100);
        let shared = SharedCache::with_limits(limits);
        let cache = shared.scoped("s", "p");
        let read = |number: usize| key("resources/read", &format!(r#"{{"uri":"x://{number}"}}"#));
        for number in 0..10 {
            let ttl = format!(r#"{{"ttlMs":{}}}"#, 1_000 + number);
            cache.put(read(number), &json(&ttl), cache.generation());
        }
        assert_eq!(shared.len(), 3);
        assert!(cache.get(&read(9)).is_some(), "those that become stale first are dropped");
        let large = json(&format!(r#"{{"ttlMs":1000,"x":"{}"}}"#, "x".repeat(100)));
        cache.put(read(10), &large, cache.generation());
        assert_eq!(cache.get(&read(10)), None, "larger than max_entry_bytes");
        tokio::time::advance(Duration::from_millis(1_100)).await;
        assert_eq!(cache.get(&read(9)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_bytes_of_all_results_are_bounded() {
        let mut limits = CacheLimits::new();
        limits.max_bytes = 10_000;
        let shared = SharedCache::with_limits(limits);
        let cache = shared.scoped("s", "p");
        let result = json(&format!(r#"{{"ttlMs":1000,"x":"{}"}}"#, "x".repeat(3_000)));
        for number in 0..10 {
            let key = key("resources/read", &format!(r#"{{"uri":"x://{number}"}}"#));
            cache.put(key, &result, cache.generation());
        }
        assert!((1..=3).contains(&shared.len()), "{} results of 3,000 bytes", shared.len());
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
        assert_eq!(seen(&tools), [false, false, true, false], "the server changed the scope");

        // A change that one client hears of concerns what it sees.
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
    async fn an_invalidation_stops_only_the_results_of_its_scope() {
        let shared = SharedCache::new();
        let [alice, bob, elsewhere] =
            [("s", "alice"), ("s", "bob"), ("t", "alice")].map(|(s, p)| shared.scoped(s, p));
        let tools = key("tools/list", "{}");
        let public = json(r#"{"ttlMs":60000,"cacheScope":"public"}"#);
        let private = json(r#"{"ttlMs":60000,"cacheScope":"private"}"#);
        let asked = [&alice, &elsewhere].map(Cache::generation);
        bob.invalidate(Change::Any);
        elsewhere.put(tools.clone(), &public, asked[1]);
        assert!(elsewhere.get(&tools).is_some(), "another server");
        alice.put(tools.clone(), &private, asked[0]);
        assert!(alice.get(&tools).is_some(), "another principal's private result");
        alice.invalidate(Change::Any);
        alice.put(tools.clone(), &public, asked[0]);
        assert_eq!(alice.get(&tools), None, "a public result of the same server");
    }

    #[tokio::test(start_paused = true)]
    async fn another_identity_drops_private_results_and_those_on_their_way() {
        let shared = SharedCache::new();
        let cache = shared.scoped("s", "p");
        let (tools, prompts) = (key("tools/list", "{}"), key("prompts/list", "{}"));
        let public = json(r#"{"ttlMs":60000,"cacheScope":"public"}"#);
        let private = json(r#"{"ttlMs":60000}"#);
        cache.put(tools.clone(), &private, cache.generation());
        cache.put(prompts.clone(), &public, cache.generation());
        let asked = cache.generation();
        cache.identity_changed();
        assert_eq!(cache.get(&tools), None);
        assert!(cache.get(&prompts).is_some(), "public results are for all");
        cache.put(tools.clone(), &private, asked);
        assert_eq!(cache.get(&tools), None, "it was requested with the credentials before");
    }
}
