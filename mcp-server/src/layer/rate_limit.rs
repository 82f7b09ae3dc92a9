//! Limits how many calls each caller may make in a time.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;
use std::time::Duration;

use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::service::{Notification, Reply, Request, Service};
use mcp_core::sync::Mutex;
use serde_json::json;
use tokio::time::Instant;
use tower_layer::Layer;

use super::caller::Caller;
use crate::token_bucket::{Rate, TokenBucket};

/// Time between two searches for callers that can be forgotten, when the table is full. Fixed: it
/// keeps the cost of a full table small.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

/// Limits how many calls each caller may make in a time, and answers further ones with −32603. The
/// error says when to try again: its `data` is `{"retryable": true, "retryAfterMs": n}`.
///
/// Each request counts, so a call with two input rounds counts three times. Notifications and
/// `initialize` do not.
///
/// The caller is, in this order:
///
/// 1. the [`Principal`](crate::Principal), if the caller was verified;
/// 2. over HTTP, the address of the client, or the first 64 bits of an IPv6 address. Behind a proxy
///    this is the address of the proxy: there, verify callers, or name them with
///    [`RateLimitLayer::caller`]. If the host of the service does not insert
///    [`PeerAddress`](crate::http::PeerAddress), all clients count as one caller;
/// 3. over other transports, the connection.
///
/// ```
/// use std::time::Duration;
///
/// use mcp_server::Server;
/// use mcp_server::layer::RateLimitLayer;
///
/// let server = Server::builder("search", "1.0.0")
///     .layer(RateLimitLayer::new(600, Duration::from_secs(60)))
///     .layer(RateLimitLayer::new(10, Duration::from_secs(1)).methods(["completion/complete"]));
/// ```
#[derive(Clone)]
pub struct RateLimitLayer {
    calls: u32,
    per: Duration,
    methods: Option<Arc<[String]>>,
    max_callers: usize,
    caller: Arc<CallerOf>,
    hasher: RandomState,
}

/// Returns the hash of a caller. The table keeps hashes, so that its size does not depend on what
/// identifies a caller.
type CallerOf = dyn Fn(&Request, &RandomState) -> u64 + Send + Sync;

impl RateLimitLayer {
    /// Creates a layer that allows each caller `calls` calls at once, and on average `calls` calls
    /// in the time `per`. At least one call is allowed, and at least one in a year.
    #[must_use]
    pub fn new(calls: u32, per: Duration) -> Self {
        Self {
            calls: calls.max(1),
            per,
            methods: None,
            max_callers: 10_000,
            caller: Arc::new(|request, hasher| hasher.hash_one(Caller::of(request))),
            hasher: RandomState::new(),
        }
    }

    /// Limits only the calls of these methods. By default, those of all methods count together.
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.methods = Some(methods.into_iter().map(Into::into).collect());
        self
    }

    /// Sets what identifies a caller: calls for which `caller` returns equal values share a limit.
    ///
    /// Never use what clients claim about themselves: a client that changes it has no limit.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use mcp_server::layer::RateLimitLayer;
    /// use mcp_server::{Context, Principal};
    ///
    /// // A limit for each user; all callers without an identity share one.
    /// let layer = RateLimitLayer::new(100, Duration::from_secs(60))
    ///     .caller(|request| Context::of(request).and_then(|context| context.principal().cloned()));
    /// ```
    #[must_use]
    pub fn caller<K: Hash>(
        mut self,
        caller: impl Fn(&Request) -> K + Send + Sync + 'static,
    ) -> Self {
        self.caller = Arc::new(move |request, hasher| hasher.hash_one(caller(request)));
        self
    }

    /// Sets the maximum number of callers that are remembered, at about 50 bytes each. A caller is
    /// forgotten when it has used nothing of its limit for the time `per`. Further callers share
    /// one limit. 10,000 by default.
    #[must_use]
    pub fn max_callers(mut self, max_callers: usize) -> Self {
        self.max_callers = max_callers;
        self
    }
}

impl fmt::Debug for RateLimitLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitLayer")
            .field("calls", &self.calls)
            .field("per", &self.per)
            .field("methods", &self.methods)
            .field("max_callers", &self.max_callers)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimit<S>;

    fn layer(&self, inner: S) -> RateLimit<S> {
        let rate = Rate::new(self.calls, self.per / self.calls);
        RateLimit { inner, layer: self.clone(), rate, callers: Arc::default() }
    }
}

/// The service of [`RateLimitLayer`].
#[derive(Debug, Clone)]
pub struct RateLimit<S> {
    inner: S,
    layer: RateLimitLayer,
    rate: Rate,
    callers: Arc<Mutex<Callers>>,
}

impl<S> RateLimit<S> {
    fn admit(&self, request: &Request) -> Result<(), ErrorObject> {
        let RateLimitLayer { calls, per, methods, max_callers, caller, hasher } = &self.layer;
        let is_counted = |methods: &Arc<[String]>| methods.iter().any(|m| *m == *request.method);
        if !methods.as_ref().is_none_or(is_counted) {
            return Ok(());
        }
        let caller = caller(request, hasher); // The user's code runs without the lock.
        let now = Instant::now();
        let taken = self.callers.lock().bucket(caller, *max_callers, now).take(self.rate, now);
        taken.map_err(|wait| {
            // Rounded up: a client that waits so long finds its token.
            let wait = wait.as_micros().div_ceil(1_000);
            let message =
                format!("more than {calls} calls in {per:?}; try again in {wait} ms (rate limit)");
            ErrorObject::new(code::INTERNAL_ERROR, message)
                .with_data(&json!({ "retryable": true, "retryAfterMs": wait }))
        })
    }
}

impl<S: Service> Service for RateLimit<S> {
    async fn call(&self, request: Request) -> Reply {
        self.admit(&request)?;
        self.inner.call(request).await
    }

    async fn notify(&self, notification: Notification) {
        self.inner.notify(notification).await;
    }
}

/// The callers that have used a part of their limit.
#[derive(Debug, Default)]
struct Callers {
    buckets: HashMap<u64, TokenBucket>,
    /// The callers that do not fit into the table.
    others: TokenBucket,
    /// Number of callers from which the next search for full buckets pays.
    sweep_at: usize,
    swept: Option<Instant>,
}

impl Callers {
    fn bucket(&mut self, caller: u64, max: usize, now: Instant) -> &mut TokenBucket {
        if self.buckets.len() >= self.sweep_at.min(max) && !self.buckets.contains_key(&caller) {
            self.sweep(max, now);
            if self.buckets.len() >= max {
                return &mut self.others;
            }
        }
        self.buckets.entry(caller).or_default()
    }

    /// Forgets callers whose bucket is full. Runs after the table has doubled, or once a second
    /// when it is full, so its cost for each call is constant.
    fn sweep(&mut self, max: usize, now: Instant) {
        let is_full = self.buckets.len() >= max;
        let is_recent = self.swept.is_some_and(|swept| now - swept < SWEEP_INTERVAL);
        if is_full && is_recent {
            return;
        }
        self.swept = Some(now);
        self.buckets.retain(|_, bucket| !bucket.is_full(now));
        self.sweep_at = (self.buckets.len() * 2).max(64);
        self.buckets.shrink_to(self.sweep_at);
    }
}
