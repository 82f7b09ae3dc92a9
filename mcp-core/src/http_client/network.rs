//! The network: connections over TCP, which calls use themselves, and hyper's pool over TLS.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response};
use hyper_rustls::builderstates::WantsSchemes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use super::error::{BoxError, HttpError};
use super::limits::NetworkLimits;
use super::plain::PlainPool;
use super::request_body::RequestBody;
use super::stack::{HttpBody, HttpStack};
use crate::service::BoxFuture;

/// How long after an unanswered TCP probe the next one is sent. Fixed: the default of the system is
/// a minute or more, and `NetworkLimits::keep_alive_interval` says when the first one is sent.
const TCP_PROBE_INTERVAL: Duration = Duration::from_secs(5);
/// Unanswered TCP probes after which the connection is lost. Fixed, likewise.
const TCP_PROBES: u32 = 3;

/// HTTP/1 and HTTP/2 over TCP and TLS, with the certificates that the system trusts. Connections
/// are reused.
///
/// Clones share their connections.
#[derive(Clone)]
pub struct Network<R = GaiResolver> {
    tcp: HttpConnector<R>,
    plain: PlainPool<R>,
    /// Made with the first `https` URL, since the system's certificates take a while to read.
    tls: Arc<OnceLock<io::Result<Tls<R>>>>,
    limits: NetworkLimits,
}

type Tls<R> = Pool<HttpsConnector<HttpConnector<R>>>;

fn https<R>(
    builder: HttpsConnectorBuilder<WantsSchemes>,
    tcp: &HttpConnector<R>,
    limits: &NetworkLimits,
) -> Tls<R>
where
    R: Service<Name> + Clone + Send + Sync + 'static,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<BoxError>,
    R::Future: Send,
{
    let connector = builder.https_only().enable_all_versions().wrap_connector(tcp.clone());
    Pool::with_limits(connector, limits.clone())
}

impl Network {
    /// The network, with the system's name resolution and the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(NetworkLimits::new())
    }

    /// As [`Network::new`], with other limits: [`NetworkLimits`], or a type that contains them.
    #[must_use]
    pub fn with_limits(limits: impl Into<NetworkLimits>) -> Self {
        Self::build(GaiResolver::new(), limits.into())
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

impl<R> Network<R>
where
    R: Service<Name> + Clone + Send + Sync + 'static,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<BoxError>,
    R::Future: Send,
{
    /// The network, with another name resolution, and the default limits. It is not used for hosts
    /// that are addresses.
    #[must_use]
    pub fn with_resolver(resolver: R) -> Self {
        Self::build(resolver, NetworkLimits::new())
    }

    fn build(resolver: R, limits: NetworkLimits) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        // A request is one write; it must not wait for the acknowledgement of the one before.
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(limits.keep_alive_interval));
        tcp.set_keepalive_interval(Some(TCP_PROBE_INTERVAL));
        tcp.set_keepalive_retries(Some(TCP_PROBES));
        tcp.set_connect_timeout(Some(limits.connect_timeout));
        let plain = PlainPool::new(tcp.clone(), &limits);
        Self { plain, tcp, tls: Arc::default(), limits }
    }

    /// The same network with another TLS configuration, such as for a private certificate authority
    /// or a certificate of the client. Its versions of HTTP (ALPN) are replaced.
    ///
    /// ```
    /// # fn example(authority: rustls::pki_types::CertificateDer<'static>) -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_core::http_client::{Network, rustls};
    ///
    /// let mut trusted = rustls::RootCertStore::empty();
    /// trusted.add(authority)?;
    /// let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    /// let config = rustls::ClientConfig::builder_with_provider(provider)
    ///     .with_safe_default_protocol_versions()?
    ///     .with_root_certificates(trusted)
    ///     .with_no_client_auth();
    /// let network = Network::new().with_tls_config(config);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_tls_config(self, mut config: rustls::ClientConfig) -> Self {
        config.alpn_protocols.clear(); // The connector fills them in, and takes no others.
        let builder = HttpsConnectorBuilder::new().with_tls_config(config);
        let tls = Arc::new(OnceLock::from(Ok(https(builder, &self.tcp, &self.limits))));
        Self { tls, ..self }
    }

    fn tls(&self) -> Result<&Tls<R>, HttpError> {
        let made = self.tls.get_or_init(|| {
            let provider = rustls::crypto::ring::default_provider();
            let builder =
                HttpsConnectorBuilder::new().with_provider_and_platform_verifier(provider)?;
            Ok(https(builder, &self.tcp, &self.limits))
        });
        made.as_ref().map_err(|error| {
            HttpError::unsent(format!(
                "the certificates that the system trusts cannot be read: {error}"
            ))
        })
    }
}

// One box for each request, of the size that its way needs.
impl<R> HttpStack for Network<R>
where
    R: Service<Name> + Clone + Send + Sync + 'static,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<BoxError>,
    R::Future: Send,
{
    fn send<'life0, 'async_trait>(
        &'life0 self,
        request: Request<Bytes>,
    ) -> BoxFuture<'async_trait, Result<Response<HttpBody>, HttpError>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        if request.uri().scheme() != Some(&Scheme::HTTPS) {
            return Box::pin(self.plain.send(request));
        }
        match self.tls() {
            Ok(pool) => pool.send(request),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

impl<R> fmt::Debug for Network<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

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
}

#[async_trait]
impl<C: Connect + Clone + Send + Sync + 'static> HttpStack for Pool<C> {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        match self.client.request(request.map(RequestBody::new)).await {
            Ok(response) => Ok(response.map(HttpBody::hyper)),
            Err(error) if error.is_connect() => Err(HttpError::unsent(error)),
            Err(error) => Err(HttpError::lost(error)),
        }
    }
}

impl<C> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}
