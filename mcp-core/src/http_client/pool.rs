//! HTTP/1 and HTTP/2 over the connections of any connector.

use std::fmt;
use std::io;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::Connect;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::error::HttpError;
use super::limits::NetworkLimits;
use super::request_body::RequestBody;
use super::stack::{HttpBody, HttpStack};

/// HTTP/1 and HTTP/2 over the connections of any connector: a Unix socket, a proxy, a simulated
/// network.
///
/// A connector is a `tower_service::Service<http::Uri>` whose connections hyper can use; see
/// [`hyper_util::client::legacy::connect`].
#[derive(Clone)]
pub struct Pool<C> {
    client: Client<C, RequestBody>,
}

impl<C: Connect + Clone + Send + Sync + 'static> Pool<C> {
    /// A pool whose connections a connector makes, with the default limits.
    #[must_use]
    pub fn new(connector: C) -> Self {
        Self::with_limits(connector, NetworkLimits::new())
    }

    /// As [`Pool::new`], with other limits: [`NetworkLimits`], or a type that contains them.
    #[must_use]
    pub fn with_limits(connector: C, limits: impl Into<NetworkLimits>) -> Self {
        let limits = limits.into();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(limits.pool_idle_timeout)
            .pool_max_idle_per_host(limits.max_idle_connections)
            .http2_keep_alive_interval(limits.keep_alive_interval)
            .http2_keep_alive_timeout(limits.keep_alive_timeout)
            .http2_adaptive_window(true)
            .build(connector);
        Self { client }
    }

    /// Sends a request and returns the response once its head has arrived.
    pub(super) async fn exchange(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<HttpBody>, HttpError> {
        match self.client.request(request.map(RequestBody::new)).await {
            Ok(response) => Ok(response.map(HttpBody::hyper)),
            Err(error) if error.is_connect() && speaks_no_tls(&error) => {
                Err(HttpError::unsent(format!(
                    "the port does not speak TLS; if it serves plain HTTP, the URL begins with \
                 http:// ({error})"
                )))
            }
            Err(error) if error.is_connect() => Err(HttpError::unsent(error)),
            Err(error) => Err(HttpError::lost(error)),
        }
    }
}

#[async_trait]
impl<C: Connect + Clone + Send + Sync + 'static> HttpStack for Pool<C> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        self.exchange(request).await
    }
}

/// Whether what a server sent in place of its part of the TLS handshake is no TLS at all.
fn speaks_no_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        // An error of IO hides the one inside from `source`.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let inner = inner.map(|inner| inner as &(dyn std::error::Error + 'static));
        let tls = inner.unwrap_or(error).downcast_ref::<rustls::Error>();
        if matches!(tls, Some(rustls::Error::InvalidMessage(_))) {
            return true;
        }
        next = inner.or_else(|| error.source());
    }
    false
}

impl<C> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}
