//! Limits the rate of the calls of each caller.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hash};
use std::sync::Arc;
use std::time::Duration;

use mcp_core::jsonrpc::{ErrorKind, ErrorObject, code};
use mcp_core::method::{Discover, Method as _, Ping};
use mcp_core::service::{Notification, Reply, Request, Service};
use mcp_core::sync::Mutex;
use mcp_core::token_bucket::{Rate, TokenBuckets};
use serde_json::json;
use tokio::time::Instant;
use tower_layer::Layer;

use super::caller::Caller;
use super::target::known_tool;

/// Limits the rate of the calls of each caller, and answers calls over the limit with −32603. The
/// error says when to try again: its `data` is `{"retryable": true, "retryAfterMs": n}`. Over HTTP
/// the status is 429 with `Retry-After`, unless a layer around this one made the call wait for so
/// long that the response is an event stream already.
///
/// Each request counts, so a call with two input rounds counts three times, and a refused round has
/// to be sent again with its answers. Notifications, `ping` and the handshake (`initialize`,
/// `server/discover`) do not count.
///
/// The caller is, in this order:
///
/// 1. the [`Principal`](crate::Principal), if the caller was verified;
/// 2. over HTTP, the address of the client, or the first 56 bits of an IPv6 address. Behind a proxy
///    this is the address of the proxy: there, verify callers, or identify them with
///    [`RateLimitLayer::caller`]. If the host of the service does not insert
///    [`PeerAddress`](crate::http::PeerAddress), all clients count as one caller;
/// 3. over other transports, the connection. A client that can connect again gets a new limit.
///
/// All servers that one layer value is added to share its limits.
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
///
/// A limit for each tool, and a lower one for a tool that costs more:
///
/// ```
/// use std::time::Duration;
///
/// use mcp_server::Server;
/// use mcp_server::layer::{LayerExt as _, RateLimitLayer};
///
/// let minute = Duration::from_secs(60);
/// let server = Server::builder("search", "1.0.0")
///     .layer(RateLimitLayer::new(100, minute).per_tool().except_tools(["reindex"]))
///     .layer(RateLimitLayer::new(2, minute).for_tools(["reindex"]));
/// ```
#[derive(Clone)]
pub struct RateLimitLayer {
    calls: u32,
    per: Duration,
    methods: Option<Arc<[String]>>,
    per_tool: bool,
    max_callers: usize,
    caller: Arc<CallerOf>,
    hasher: RandomState,
    tables: Arc<Mutex<Tables>>,
}

/// Returns the hash of a caller, and whether the caller was verified. The tables keep hashes, so
/// that their size does not depend on what identifies a caller.
type CallerOf = dyn Fn(&Request, &RandomState) -> (u64, bool) + Send + Sync;

impl RateLimitLayer {
    /// Creates a layer that allows each caller a burst of `calls` calls, and `calls` calls in each
    /// interval `per` on average. It allows at least one call, and at least one in a year.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp_server::layer::RateLimitLayer;
    /// // Ten calls at once, and then one each six seconds.
    /// let layer = RateLimitLayer::new(10, Duration::from_secs(60));
    /// ```
    #[must_use]
    pub fn new(calls: u32, per: Duration) -> Self {
        Self {
            calls: calls.max(1),
            per,
            methods: None,
            per_tool: false,
            max_callers: 10_000,
            caller: Arc::new(|request, hasher| {
                let caller = Caller::of(request);
                (hasher.hash_one(&caller), matches!(caller, Caller::Principal(_)))
            }),
            hasher: RandomState::new(),
            tables: Arc::default(),
        }
    }

    /// Limits only the calls of these methods, which count together. By default, all methods do,
    /// except `ping` and `server/discover`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp_server::layer::RateLimitLayer;
    /// // Hosts that read the lists again and again do not take anything from the calls of tools.
    /// let lists = RateLimitLayer::new(20, Duration::from_secs(60))
    ///     .methods(["tools/list", "prompts/list", "resources/list"]);
    /// ```
    #[must_use]
    pub fn methods(mut self, methods: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.methods = Some(methods.into_iter().map(Into::into).collect());
        self
    }

    /// Gives each caller a limit for each tool instead of one for all of its calls. Requests other
    /// than `tools/call` count together, and so do calls of tools that the server does not have:
    /// otherwise a caller that invents names would have no limit.
    ///
    /// Each tool that a caller uses counts as one of [`RateLimitLayer::max_callers`].
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp_server::layer::RateLimitLayer;
    /// // A model that calls `search` in a loop can still call `read`.
    /// let layer = RateLimitLayer::new(30, Duration::from_secs(60)).per_tool();
    /// ```
    #[must_use]
    pub fn per_tool(mut self) -> Self {
        self.per_tool = true;
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
        self.caller = Arc::new(move |request, hasher| (hasher.hash_one(caller(request)), false));
        self
    }

    /// Sets the maximum number of callers that are remembered, at about 50 bytes each: that many
    /// principals, and that many others. A caller is forgotten when all of its calls are available
    /// again, at most `per` after its last one. Further callers share one limit, so that a client
    /// with many addresses cannot exceed it. 10,000 by default.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use mcp_server::layer::RateLimitLayer;
    /// // A public server with many users, at about 50 MB.
    /// let layer = RateLimitLayer::new(60, Duration::from_secs(60)).max_callers(1_000_000);
    /// ```
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
            .field("per_tool", &self.per_tool)
            .field("max_callers", &self.max_callers)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for RateLimitLayer {
    type Service = RateLimit<S>;

    fn layer(&self, inner: S) -> RateLimit<S> {
        let rate = Rate::new(self.calls, self.per / self.calls);
        RateLimit { inner, layer: self.clone(), rate }
    }
}

/// The service of [`RateLimitLayer`].
#[derive(Debug, Clone)]
pub struct RateLimit<S> {
    inner: S,
    layer: RateLimitLayer,
    rate: Rate,
}

impl<S> RateLimit<S> {
    fn admit(&self, request: &Request) -> Result<(), ErrorObject> {
        let RateLimitLayer {
            calls,
            per,
            methods,
            per_tool,
            max_callers,
            caller,
            hasher,
            tables,
            ..
        } = &self.layer;
        let method = &*request.method;
        let is_counted = match methods {
            Some(methods) => methods.iter().any(|counted| counted == method),
            // A client that cannot finish the handshake may take the server for an older one.
            None => method != Ping::NAME && method != Discover::NAME,
        };
        if !is_counted {
            return Ok(());
        }
        let (mut caller, is_verified) = caller(request, hasher); // User code runs without the lock.
        if *per_tool {
            caller = hasher.hash_one((caller, known_tool(request)));
        }
        let now = Instant::now();
        let taken = {
            let mut tables = tables.lock();
            let Tables { verified, unverified } = &mut *tables;
            let table = if is_verified { verified } else { unverified };
            table.bucket(caller, *max_callers, now).take(self.rate, now)
        };
        taken.map_err(|wait| {
            // Rounded up, so that the next call is admitted.
            let wait = wait.as_micros().div_ceil(1_000);
            let message = format!(
                "the rate limit of {calls} calls in {per:?} is exceeded; try again in {wait} ms"
            );
            ErrorObject::new(code::INTERNAL_ERROR, message)
                .with_data(&json!({ "retryable": true, "retryAfterMs": wait }))
                .with_kind(ErrorKind::RateLimited, &())
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

/// The callers in two tables: clients without an identity cannot fill that of the principals.
#[derive(Debug, Default)]
struct Tables {
    verified: TokenBuckets,
    unverified: TokenBuckets,
}
