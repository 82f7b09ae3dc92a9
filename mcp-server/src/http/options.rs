//! How a server is served over HTTP.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::store::EventStore;

/// Who may call, and at which path. The defaults are for a server on this machine.
///
/// ```
/// use mcp_server::http::HttpOptions;
///
/// let options = HttpOptions::new().allow_host("mcp.example.com").allow_origin("https://app.example.com");
/// ```
#[derive(Clone)]
#[must_use = "options do nothing until a server is served with them"]
pub struct HttpOptions {
    pub(crate) path: Option<Cow<'static, str>>,
    /// Lower case, with or without a port. Empty for the names of this machine.
    pub(crate) hosts: Vec<String>,
    pub(crate) any_host: bool,
    /// Lower case, as browsers write them.
    pub(crate) origins: Vec<String>,
    pub(crate) any_origin: bool,
    /// Legacy requests are answered without sessions.
    pub(crate) stateless: bool,
    /// The transport of 2024-11-05 is served too.
    #[cfg(feature = "http-sse")]
    pub(crate) http_sse: bool,
    pub(crate) events: EventKeeping,
}

/// Where the streams of sessions are kept.
#[derive(Clone)]
pub(crate) enum EventKeeping {
    /// In the store that the server shares with other instances, or in memory.
    Default,
    /// In this store.
    In(Arc<dyn EventStore>),
    /// Nowhere: they cannot be resumed.
    Off,
}

impl fmt::Debug for EventKeeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "Default",
            Self::In(_) => "In",
            Self::Off => "Off",
        })
    }
}

impl HttpOptions {
    /// The path that [`serve_http`](crate::Server::serve_http) serves.
    pub const PATH: &'static str = "/mcp";

    /// The defaults.
    ///
    /// ```
    /// # use mcp_server::http::HttpOptions;
    /// // At /mcp, for clients on this machine, with sessions that can be resumed.
    /// let options = HttpOptions::new();
    /// ```
    pub fn new() -> Self {
        Self {
            path: None,
            hosts: Vec::new(),
            any_host: false,
            origins: Vec::new(),
            any_origin: false,
            stateless: false,
            #[cfg(feature = "http-sse")]
            http_sse: false,
            events: EventKeeping::Default,
        }
    }

    /// Serves this path alone; others are answered 404.
    ///
    /// Without it, `serve_http` serves [`HttpOptions::PATH`], and a service that is mounted in a
    /// router serves every path that reaches it.
    ///
    /// ```
    /// # use mcp_server::http::HttpOptions;
    /// let options = HttpOptions::new().path("/notes/mcp"); // http://127.0.0.1:8080/notes/mcp
    /// ```
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Answers requests whose `Host` is this name, with any port, or `name:port` with that one.
    /// Call it for each name that clients use.
    ///
    /// Without it, only the names of this machine are answered (`localhost`, `127.0.0.1`, `[::1]`):
    /// a page in a browser that makes its own name point here is refused.
    ///
    /// ```
    /// # use mcp_server::http::HttpOptions;
    /// // The public name, and the one by which other containers call.
    /// let options = HttpOptions::new().allow_host("mcp.example.com").allow_host("notes:8080");
    /// ```
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Answers requests with any `Host`. For servers behind a proxy that checks it.
    ///
    /// ```
    /// # use mcp_server::http::HttpOptions;
    /// // The proxy before the server has a `server_name`, and answers no other name.
    /// let options = HttpOptions::new().allow_any_host();
    /// ```
    pub fn allow_any_host(mut self) -> Self {
        self.any_host = true;
        self
    }

    /// Answers pages of this origin (`https://app.example.com`) in browsers.
    ///
    /// Pages of the server's own origin, and of this machine while the server is one of this
    /// machine, are answered without it. A browser needs CORS header fields too, which a layer
    /// around the service adds.
    ///
    /// ```
    /// # use mcp_server::http::HttpOptions;
    /// let options = HttpOptions::new()
    ///     .allow_host("mcp.example.com")
    ///     .allow_origin("https://app.example.com")
    ///     .allow_origin("http://localhost:5173"); // The page while it is developed.
    /// ```
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into().to_ascii_lowercase());
        self
    }

    /// Answers pages of every origin, save those that have none (`null`).
    ///
    /// ```
    /// # use mcp_server::http::HttpOptions;
    /// // A public server, whose answers are for everybody, and which any page may use.
    /// let options = HttpOptions::new().allow_host("mcp.example.com").allow_any_origin();
    /// ```
    pub fn allow_any_origin(mut self) -> Self {
        self.any_origin = true;
        self
    }

    /// Keeps no sessions for clients of the legacy era: `initialize` is answered, and each request
    /// stands on its own. Any instance of a fleet can answer any request.
    ///
    /// Handlers cannot ask such clients anything, clients are not notified of changes, a disconnect
    /// cancels a call, and GET and DELETE are answered 405. Modern clients are not affected.
    ///
    /// ```
    /// # use mcp_server::http::HttpOptions;
    /// // Behind a load balancer without sticky sessions, for tools that ask nothing.
    /// let options = HttpOptions::new().allow_host("mcp.example.com").stateless();
    /// ```
    pub fn stateless(mut self) -> Self {
        self.stateless = true;
        self
    }

    /// Serves clients of HTTP+SSE, the transport of 2024-11-05, too: they GET `/sse` and POST to
    /// `/messages`.
    ///
    /// A server with `Protection::dpop` does not serve it: a proof is for one URL.
    ///
    /// The paths are as the service sees them, beside [`HttpOptions::path`]. Session ids stand in
    /// the URLs that such clients use, and so in the logs of proxies. A stream counts among the
    /// sessions ([`HttpLimits::max_sessions`](super::HttpLimits)), and its calls among all requests.
    ///
    /// Deprecated by the 2025-03-26 revision in favour of Streamable HTTP; the specification may
    /// remove it three months after SEP-2596 is final. It works until then, without a warning at
    /// run time.
    ///
    /// ```
    /// # use mcp_server::http::HttpOptions;
    /// #[expect(deprecated, reason = "one host of ours still uses the transport of 2024-11-05")]
    /// let options = HttpOptions::new().allow_host("mcp.example.com").http_sse();
    /// ```
    #[cfg(feature = "http-sse")]
    #[deprecated(
        note = "MCP 2025-03-26 deprecates the HTTP+SSE transport, with removal no earlier than three \
                months after SEP-2596 is final; clients should use Streamable HTTP"
    )]
    pub fn http_sse(mut self) -> Self {
        self.http_sse = true;
        self
    }

    /// Keeps what was sent on the streams of legacy sessions in this store, so that clients can
    /// resume them. By default, that is the store of
    /// [`ServerBuilder::stores`](crate::ServerBuilder::stores), or else a
    /// [`MemoryEventStore`](crate::store::MemoryEventStore). Other instances do not read a store
    /// that is set here.
    ///
    /// ```
    /// use mcp_server::http::HttpOptions;
    /// use mcp_server::store::{EventStoreLimits, MemoryEventStore};
    ///
    /// let mut limits = EventStoreLimits::default();
    /// limits.max_total_bytes = 8 << 20; // On a small machine.
    /// let options = HttpOptions::new().event_store(MemoryEventStore::new(limits));
    /// ```
    pub fn event_store(mut self, store: impl EventStore) -> Self {
        self.events = EventKeeping::In(Arc::new(store));
        self
    }

    /// Keeps nothing: an interrupted stream is lost, and its call is cancelled, because its answer
    /// could not be delivered.
    ///
    /// ```
    /// # use mcp_server::http::HttpOptions;
    /// // All calls are short: a client whose connection breaks calls again.
    /// let options = HttpOptions::new().no_event_store();
    /// ```
    pub fn no_event_store(mut self) -> Self {
        self.events = EventKeeping::Off;
        self
    }
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions")
            .field("path", &self.path)
            .field("hosts", &self.hosts)
            .field("any_host", &self.any_host)
            .field("origins", &self.origins)
            .field("any_origin", &self.any_origin)
            .field("stateless", &self.stateless)
            .field("events", &self.events)
            .finish()
    }
}
