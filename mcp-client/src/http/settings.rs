//! How a server is reached over HTTP.

use std::fmt;
use std::sync::Arc;

use http::header::{HeaderMap, HeaderValue, USER_AGENT};
use mcp_core::http_client::HttpStack;

use super::authorizer::Authorizer;

/// How a server is reached: what an application sets on its builder.
#[derive(Clone)]
pub(crate) struct HttpSettings {
    /// Sends the requests; the network if there is none.
    pub(crate) stack: Option<Arc<dyn HttpStack>>,
    pub(crate) authorizer: Option<Arc<dyn Authorizer>>,
    /// Header fields of every request.
    pub(crate) headers: HeaderMap,
}

impl Default for HttpSettings {
    fn default() -> Self {
        let mut headers = HeaderMap::new();
        let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        headers.insert(USER_AGENT, HeaderValue::from_static(agent));
        Self { stack: None, authorizer: None, headers }
    }
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("stack", &self.stack.is_some())
            .field("authorizer", &self.authorizer.is_some())
            .finish_non_exhaustive()
    }
}
