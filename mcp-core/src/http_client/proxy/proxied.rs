//! Requests through proxies.

use std::io;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use http::header::PROXY_AUTHORIZATION;
use http::uri::Scheme;
use http::{Request, Response, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;

use super::connector::ProxyConnector;
use super::settings::{Proxies, ProxySettings, proxy_of};
use crate::http_client::error::HttpError;
use crate::http_client::limits::NetworkLimits;
use crate::http_client::pool::Pool;
use crate::http_client::stack::HttpBody;
use crate::http_client::tls::builder;

/// Sends the requests that go through a proxy. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Proxied {
    tcp: HttpConnector,
    proxies: Arc<Proxies>,
    /// Made with the first request.
    pool: Arc<OnceLock<io::Result<Pool<HttpsConnector<ProxyConnector>>>>>,
}

impl Proxied {
    /// `None` if there is no proxy.
    pub(crate) fn new(settings: &ProxySettings, tcp: HttpConnector) -> Option<Self> {
        let proxies = Arc::new(settings.proxies()?);
        Some(Self { tcp, proxies, pool: Arc::default() })
    }

    /// The same proxies for connections with another TLS configuration.
    pub(crate) fn with_tls_config(&self) -> Self {
        Self { pool: Arc::default(), ..self.clone() }
    }

    /// Whether a request goes through a proxy.
    pub(crate) fn applies_to(&self, target: &Uri) -> bool {
        proxy_of(&self.proxies.matcher, target).is_some()
    }

    /// Sends a request and returns the response once its head has arrived.
    pub(crate) async fn send(
        &self,
        mut request: Request<Bytes>,
        limits: &NetworkLimits,
        tls: Option<&rustls::ClientConfig>,
    ) -> Result<Response<HttpBody>, HttpError> {
        if let Some(mistake) = self.proxies.mistake(request.uri()) {
            return Err(HttpError::unsent(mistake));
        }
        let pool = self.pool.get_or_init(|| {
            let builder: HttpsConnectorBuilder<_> = builder(tls)?;
            let connector = ProxyConnector::new(self.tcp.clone(), &self.proxies);
            let connector = builder.https_or_http().enable_all_versions().wrap_connector(connector);
            Ok(Pool::with_limits(connector, limits.clone()))
        });
        let pool = pool.as_ref().map_err(HttpError::no_certificates)?;
        // Through a tunnel, the connector sends it with `CONNECT`.
        if request.uri().scheme() != Some(&Scheme::HTTPS)
            && let Some(proxy) = proxy_of(&self.proxies.matcher, request.uri())
            && let Some(authorization) = proxy.basic_auth()
        {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        pool.exchange(request).await
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::http_client::{HttpStack as _, Network};

    /// Reads the head of a request.
    async fn head(stream: &mut TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap().to_ascii_lowercase()
    }

    async fn network(scheme: &str) -> (TcpListener, Network) {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("{scheme}://user:s3cret@{}", proxy.local_addr().unwrap());
        let proxies = ProxySettings::none().http(&url).https(&url).except("direct.example");
        (proxy, Network::new().with_proxies(&proxies))
    }

    fn get(url: &str) -> Request<Bytes> {
        Request::get(url).body(Bytes::new()).unwrap()
    }

    const AUTHORIZATION: &str = "proxy-authorization: basic dxnlcjpzm2nyzxq=\r\n";

    #[tokio::test]
    async fn a_plain_request_has_the_whole_url_and_the_proxys_credentials() {
        let (proxy, network) = network("http").await;
        let serve = async {
            let (mut stream, _) = proxy.accept().await.unwrap();
            for _ in 0..2 {
                let head = head(&mut stream).await;
                assert!(head.starts_with("get http://mcp.example:81/x?y=1 http/1.1\r\n"), "{head}");
                assert!(head.contains(AUTHORIZATION), "{head}");
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                stream.write_all(answer).await.unwrap();
            }
        };
        let call = async {
            // The connection is used again.
            for _ in 0..2 {
                let response = network.send(get("http://mcp.example:81/x?y=1")).await.unwrap();
                let body = response.into_body().read(10).await.unwrap().unwrap();
                assert_eq!(&*body, b"ok");
            }
        };
        tokio::join!(serve, call);
    }

    #[tokio::test]
    async fn a_request_with_tls_goes_through_a_tunnel() {
        let (proxy, network) = network("http").await;
        let serve = async {
            let (mut stream, _) = proxy.accept().await.unwrap();
            let head = head(&mut stream).await;
            assert!(head.starts_with("connect mcp.example:443 http/1.1\r\n"), "{head}");
            assert!(head.contains(AUTHORIZATION), "{head}");
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            // What follows is TLS: the record of a handshake.
            assert_eq!(stream.read_u8().await.unwrap(), 0x16);
        };
        let (result, ()) = tokio::join!(network.send(get("https://mcp.example/x")), serve);
        let error = result.unwrap_err();
        assert!(!error.may_have_left(), "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }

    #[tokio::test]
    async fn a_proxy_that_is_not_supported_fails_the_request() {
        for scheme in ["socks5", "https"] {
            let (_proxy, network) = network(scheme).await;
            for url in ["http://mcp.example/", "https://mcp.example/"] {
                let error = network.send(get(url)).await.unwrap_err();
                assert!(!error.may_have_left());
                let shown = format!("{error:?}");
                assert!(shown.contains(&format!("has the scheme {scheme},")), "{shown}");
                assert!(!shown.contains("s3cret"), "{shown}");
            }
        }
    }

    #[tokio::test]
    async fn a_proxy_that_is_no_url_fails_the_request() {
        let proxies = ProxySettings::none().https("http:/user:s3cret@proxy:3128");
        let network = Network::new().with_proxies(&proxies);
        let error = network.send(get("https://mcp.example/")).await.unwrap_err();
        let shown = format!("{error:?}");
        assert!(!error.may_have_left() && !shown.contains("s3cret"), "{shown}");
        let told = "the proxy of ProxySettings::https is not a URL; write http://host:port";
        assert!(shown.contains(told), "{shown}");
        assert!(!network.is_proxied(&"http://mcp.example/".parse().unwrap()));
    }

    #[tokio::test]
    async fn exceptions_and_this_machine_are_reached_directly() {
        let (proxy, network) = network("http").await;
        for (url, expected) in [
            ("https://direct.example/", false),
            ("https://a.direct.example/", false),
            ("http://127.0.0.1:1/", false),
            ("https://other.example/", true),
        ] {
            assert_eq!(network.is_proxied(&url.parse().unwrap()), expected, "{url}");
        }
        let server = format!("http://{}/x", proxy.local_addr().unwrap());
        let serve = async {
            let (mut stream, _) = proxy.accept().await.unwrap();
            assert!(head(&mut stream).await.starts_with("get /x http/1.1\r\n"));
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        };
        let (response, ()) = tokio::join!(network.send(get(&server)), serve);
        assert_eq!(response.unwrap().status(), 204);
    }
}
