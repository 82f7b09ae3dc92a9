//! How a server is served over HTTP.

use std::borrow::Cow;

/// Who may call, and where. The defaults are for a server on this machine.
///
/// ```
/// use mcp_server::http::HttpOptions;
///
/// let options = HttpOptions::new().allow_host("mcp.example.com").allow_origin("https://app.example.com");
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "options do nothing until a server is served with them"]
pub struct HttpOptions {
    pub(crate) path: Option<Cow<'static, str>>,
    /// Lower case, with or without a port. Empty for the names of this machine.
    pub(crate) hosts: Vec<String>,
    pub(crate) any_host: bool,
    /// Lower case, as browsers write them.
    pub(crate) origins: Vec<String>,
    pub(crate) any_origin: bool,
}

impl HttpOptions {
    /// The path that [`serve_http`](crate::Server::serve_http) serves.
    pub const PATH: &'static str = "/mcp";

    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves this path alone; others are answered 404.
    ///
    /// Without it, `serve_http` serves [`HttpOptions::PATH`] and a service that is mounted in a router serves
    /// whatever it is given.
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Answers requests whose `Host` is this name, with any port, or `name:port` with that one. Call it for
    /// each name that clients use.
    ///
    /// Without any, only the names of this machine are answered (`localhost`, `127.0.0.1`, `[::1]`): a page
    /// in a browser that makes its own name point here is refused.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Answers whatever the `Host` is. For servers behind a proxy that checks it.
    pub fn allow_any_host(mut self) -> Self {
        self.any_host = true;
        self
    }

    /// Answers pages of this origin (`https://app.example.com`) in browsers.
    ///
    /// Pages of the server's own origin, and of this machine while the server is one of this machine, are
    /// answered without it. A browser needs CORS headers besides, which a layer around the service adds.
    pub fn allow_origin(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into().to_ascii_lowercase());
        self
    }

    /// Answers pages of every origin, save those that have none (`null`).
    pub fn allow_any_origin(mut self) -> Self {
        self.any_origin = true;
        self
    }
}
