//! The network: connections over TCP, which calls use themselves, and hyper's pool over TLS.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use super::error::{BoxError, HttpError};
use super::limits::NetworkLimits;
use super::plain::PlainPool;
use super::pool::Pool;
use super::proxy::{Proxied, ProxySettings};
use super::stack::{HttpBody, HttpStack};
use super::tls::builder;
use crate::service::BoxFuture;

/// How long after an unanswered TCP probe the next one is sent. Fixed: the default of the system is
/// a minute or more, and `NetworkLimits::keep_alive_interval` says when the first one is sent.
const TCP_PROBE_INTERVAL: Duration = Duration::from_secs(5);
/// Unanswered TCP probes after which the connection is lost. Fixed, likewise.
const TCP_PROBES: u32 = 3;

/// HTTP/1 and HTTP/2 over TCP and TLS, with the certificates that the system trusts. Connections
/// are reused.
///
/// Requests go through the proxies that the environment names ([`ProxySettings::from_env`]), unless
/// the network has others ([`Network::with_proxies`]) or a resolver of its own.
///
/// Clones share their connections.
///
/// ```
/// use std::time::Duration;
/// use mcp_core::http_client::{Network, NetworkLimits};
///
/// let mut limits = NetworkLimits::default();
/// limits.connect_timeout = Duration::from_secs(3);
/// let network = Network::with_limits(limits);
/// ```
#[derive(Clone)]
pub struct Network<R = GaiResolver> {
    tcp: HttpConnector<R>,
    plain: PlainPool<R>,
    /// Made with the first `https` URL, since the system's certificates take a while to read.
    tls: Arc<OnceLock<io::Result<Tls<R>>>>,
    /// Instead of that of the system.
    tls_config: Option<Arc<rustls::ClientConfig>>,
    proxied: Option<Proxied>,
    limits: NetworkLimits,
}

type Tls<R> = Pool<HttpsConnector<HttpConnector<R>>>;

fn https<R>(
    config: Option<&rustls::ClientConfig>,
    tcp: &HttpConnector<R>,
    limits: &NetworkLimits,
) -> io::Result<Tls<R>>
where
    R: Service<Name> + Clone + Send + Sync + 'static,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<BoxError>,
    R::Future: Send,
{
    let builder = builder(config)?.https_only().enable_all_versions();
    Ok(Pool::with_limits(builder.wrap_connector(tcp.clone()), limits.clone()))
}

impl Network {
    /// The network, with the system's name resolution, the proxies of the environment and the
    /// default limits.
    ///
    /// ```
    /// use mcp_core::http_client::Network;
    ///
    /// // Two clients that share their connections.
    /// let network = Network::new();
    /// let other = network.clone();
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::with_limits(NetworkLimits::new())
    }

    /// As [`Network::new`], with other limits: [`NetworkLimits`], or a type that contains them.
    ///
    /// ```
    /// use mcp_core::http_client::{Network, NetworkLimits};
    ///
    /// let mut limits = NetworkLimits::default();
    /// limits.max_idle_connections = 4;
    /// let network = Network::with_limits(limits);
    /// ```
    #[must_use]
    pub fn with_limits(limits: impl Into<NetworkLimits>) -> Self {
        Self::build(GaiResolver::new(), limits.into()).with_proxies(&ProxySettings::from_env())
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
        let tcp = tcp(resolver, &limits);
        let plain = PlainPool::new(tcp.clone(), &limits);
        Self { plain, tcp, tls: Arc::default(), tls_config: None, proxied: None, limits }
    }

    /// The same network with other proxies. The names of proxies are resolved by the system.
    ///
    /// ```
    /// use mcp_core::http_client::{Network, ProxySettings};
    ///
    /// // Directly, whatever proxy the environment names.
    /// let network = Network::new().with_proxies(&ProxySettings::none());
    /// ```
    #[must_use]
    pub fn with_proxies(self, proxies: &ProxySettings) -> Self {
        let proxied = Proxied::new(proxies, tcp(GaiResolver::new(), &self.limits));
        Self { proxied, ..self }
    }

    /// Whether requests to a URL go through a proxy, which resolves its host itself.
    ///
    /// ```
    /// use mcp_core::http_client::{Network, ProxySettings};
    ///
    /// let proxies = ProxySettings::none().https("proxy.example:3128").except("corp.example");
    /// let network = Network::new().with_proxies(&proxies);
    /// let is_proxied = |url: &'static str| network.is_proxied(&http::Uri::from_static(url));
    /// assert!(is_proxied("https://mcp.example.com/mcp"));
    /// assert!(!is_proxied("https://notes.corp.example/mcp"));
    /// ```
    #[must_use]
    pub fn is_proxied(&self, target: &Uri) -> bool {
        self.proxied.as_ref().is_some_and(|proxied| proxied.applies_to(target))
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
        let (tls_config, tls) = (Some(Arc::new(config)), Arc::default());
        let proxied = self.proxied.as_ref().map(Proxied::with_tls_config);
        Self { tls, tls_config, proxied, ..self }
    }

    fn tls(&self) -> Result<&Tls<R>, HttpError> {
        let config = self.tls_config.as_deref();
        let made = self.tls.get_or_init(|| https(config, &self.tcp, &self.limits));
        made.as_ref().map_err(HttpError::no_certificates)
    }
}

/// Opens connections over TCP.
fn tcp<R>(resolver: R, limits: &NetworkLimits) -> HttpConnector<R> {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    // A request is one write; it must not wait for the acknowledgement of the one before.
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(limits.keep_alive_interval));
    tcp.set_keepalive_interval(Some(TCP_PROBE_INTERVAL));
    tcp.set_keepalive_retries(Some(TCP_PROBES));
    tcp.set_connect_timeout(Some(limits.connect_timeout));
    tcp
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
        if let Some(proxied) = &self.proxied
            && proxied.applies_to(request.uri())
        {
            return Box::pin(proxied.send(request, &self.limits, self.tls_config.as_deref()));
        }
        if request.uri().scheme() != Some(&Scheme::HTTPS) {
            return Box::pin(self.plain.send(request));
        }
        match self.tls() {
            Ok(pool) => Box::pin(pool.exchange(request)),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}

impl<R> fmt::Debug for Network<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}
