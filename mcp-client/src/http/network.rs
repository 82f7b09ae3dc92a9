//! The network: hyper's pool of connections, over TCP and TLS.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper_rustls::builderstates::WantsSchemes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use mcp_core::service::BoxFuture;
use tower_service::Service;

use super::authorizer::BoxError;
use super::stack::{HttpBody, HttpError, HttpStack};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an unused connection is kept: shorter than servers keep theirs.
const IDLE: Duration = Duration::from_secs(60);
/// Most unused connections to one server that are kept.
const MOST_IDLE: usize = 64;
/// After how long a silent peer is probed, by TCP and by HTTP/2, so that one that vanished is noticed.
const PROBE_AFTER: Duration = Duration::from_secs(15);
/// How long after an unanswered TCP probe the next one is sent. The system's own idea is a minute or more.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);
/// Unanswered TCP probes after which the connection is dead.
const PROBES: u32 = 3;
/// How long a peer may take to answer an HTTP/2 probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(20);

/// HTTP/1 and HTTP/2 over TCP and TLS, with the certificates that the system trusts. Connections are used again.
///
/// Clones share their connections.
#[derive(Clone)]
pub struct Network<R = GaiResolver> {
    tcp: HttpConnector<R>,
    plain: Pool<HttpConnector<R>>,
    /// Made with the first `https` URL, since the system's certificates take a while to read.
    tls: Arc<OnceLock<io::Result<Tls<R>>>>,
}

type Tls<R> = Pool<HttpsConnector<HttpConnector<R>>>;

fn https<R>(builder: HttpsConnectorBuilder<WantsSchemes>, tcp: &HttpConnector<R>) -> Tls<R>
where
    R: Service<Name> + Clone + Send + Sync + 'static,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<BoxError>,
    R::Future: Send,
{
    Pool::new(builder.https_only().enable_all_versions().wrap_connector(tcp.clone()))
}

impl Network {
    /// The network, with the system's way from names to addresses.
    #[must_use]
    pub fn new() -> Self {
        Self::with_resolver(GaiResolver::new())
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
    /// The network, with another way from names to addresses. It is not asked about hosts that are addresses.
    #[must_use]
    pub fn with_resolver(resolver: R) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(resolver);
        tcp.enforce_http(false);
        // A request is one write; it must not wait for the acknowledgement of the one before.
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(PROBE_AFTER));
        tcp.set_keepalive_interval(Some(PROBE_INTERVAL));
        tcp.set_keepalive_retries(Some(PROBES));
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        Self { plain: Pool::new(tcp.clone()), tcp, tls: Arc::default() }
    }

    /// The same network with a TLS configuration of your own, such as for a private certificate authority or a
    /// certificate of the client. Which versions of HTTP are offered (ALPN) is not taken from it.
    ///
    /// ```
    /// # fn example(authority: rustls::pki_types::CertificateDer<'static>) -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::http::{Network, rustls};
    ///
    /// let mut trusted = rustls::RootCertStore::empty();
    /// trusted.add(authority)?;
    /// let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    /// let config = rustls::ClientConfig::builder_with_provider(provider)
    ///     .with_safe_default_protocol_versions()?
    ///     .with_root_certificates(trusted)
    ///     .with_no_client_auth();
    /// let builder = mcp_client::Client::builder().http_stack(Network::new().with_tls_config(config));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_tls_config(self, mut config: rustls::ClientConfig) -> Self {
        config.alpn_protocols.clear(); // The connector fills them in, and takes no others.
        let builder = HttpsConnectorBuilder::new().with_tls_config(config);
        let tls = Arc::new(OnceLock::from(Ok(https(builder, &self.tcp))));
        Self { tls, ..self }
    }

    fn tls(&self) -> Result<&Tls<R>, HttpError> {
        let made = self.tls.get_or_init(|| {
            let provider = rustls::crypto::ring::default_provider();
            let builder =
                HttpsConnectorBuilder::new().with_provider_and_platform_verifier(provider)?;
            Ok(https(builder, &self.tcp))
        });
        made.as_ref().map_err(|error| {
            HttpError::unsent(format!(
                "the certificates that the system trusts cannot be read: {error}"
            ))
        })
    }
}

impl<R> HttpStack for Network<R>
where
    R: Service<Name> + Clone + Send + Sync + 'static,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<BoxError>,
    R::Future: Send,
{
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<HttpBody>, HttpError>> {
        if request.uri().scheme() != Some(&Scheme::HTTPS) {
            return self.plain.send(request);
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

/// HTTP/1 and HTTP/2 over the connections of any connector: a Unix socket, a proxy, a simulated network.
///
/// A connector is a `tower_service::Service<http::Uri>` whose connections hyper can use; see
/// [`hyper_util::client::legacy::connect`].
#[derive(Clone)]
pub struct Pool<C> {
    client: Client<C, Once>,
}

impl<C: Connect + Clone + Send + Sync + 'static> Pool<C> {
    /// A pool whose connections a connector makes.
    #[must_use]
    pub fn new(connector: C) -> Self {
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MOST_IDLE)
            .http2_keep_alive_interval(PROBE_AFTER)
            .http2_keep_alive_timeout(PROBE_TIMEOUT)
            .http2_adaptive_window(true)
            .build(connector);
        Self { client }
    }
}

impl<C: Connect + Clone + Send + Sync + 'static> HttpStack for Pool<C> {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<HttpBody>, HttpError>> {
        let response = self.client.request(request.map(Once::new));
        Box::pin(async move {
            match response.await {
                Ok(response) => Ok(response.map(HttpBody::hyper)),
                Err(error) if error.is_connect() => Err(HttpError::unsent(error)),
                Err(error) => Err(HttpError::lost(error)),
            }
        })
    }
}

impl<C> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

/// A body that is there already.
struct Once(Option<Bytes>);

impl Once {
    fn new(bytes: Bytes) -> Self {
        Self((!bytes.is_empty()).then_some(bytes))
    }
}

impl Body for Once {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
