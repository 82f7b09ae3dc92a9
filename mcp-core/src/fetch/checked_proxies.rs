//! The guard of addresses in front of a proxy.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use hyper_util::client::legacy::connect::dns::Name;
use tokio::time::timeout;
use tower_service::Service;

use super::guard::ForbiddenAddress;
use super::resolver::GuardedResolver;
use crate::http_client::{BoxError, HttpBody, HttpError, HttpStack, Network};

/// How long a name is looked up before its request goes to a proxy. Fixed: where only the proxy can
/// resolve names, some systems do not answer at all, and the request must have time left.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// A network whose proxies get no request for a name that is known to have no admitted address.
///
/// The proxy resolves the name again, and may find other addresses. A name that cannot be resolved
/// here is left to it: behind many proxies there is no other way.
pub(super) struct CheckedProxies<R> {
    network: Network<GuardedResolver<R>>,
    resolver: GuardedResolver<R>,
}

impl<R> CheckedProxies<R> {
    pub(super) fn new(network: Network<GuardedResolver<R>>, resolver: GuardedResolver<R>) -> Self {
        Self { network, resolver }
    }
}

#[async_trait]
impl<R> HttpStack for CheckedProxies<R>
where
    R: Service<Name> + Clone + Send + Sync + 'static,
    R::Response: Iterator<Item = SocketAddr> + Send,
    R::Error: Into<BoxError>,
    R::Future: Send + 'static,
{
    async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        if self.network.is_proxied(request.uri())
            && let Some(Ok(name)) = request.uri().host().map(str::parse::<Name>)
        {
            let lookup = self.resolver.clone().call(name);
            if let Ok(Err(error)) = timeout(LOOKUP_TIMEOUT, lookup).await
                && ForbiddenAddress::of(&*error).is_some()
            {
                return Err(HttpError::unsent(error));
            }
        }
        self.network.send(request).await
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::task::{Context, Poll};

    use futures::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::fetch::{FetchErrorKind, FetchLimits, Fetcher, Guard, PrivateHosts};
    use crate::http_client::ProxySettings;
    use crate::service::BoxFuture;

    /// A name has an address, none, or is never resolved.
    #[derive(Clone)]
    struct Fixed(fn(&str) -> Option<&'static str>);

    impl Service<Name> for Fixed {
        type Response = std::vec::IntoIter<SocketAddr>;
        type Error = std::io::Error;
        type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, name: Name) -> Self::Future {
            let Some(address) = (self.0)(name.as_str()) else {
                return Box::pin(std::future::pending());
            };
            let address: Option<IpAddr> = address.parse().ok();
            let found = address.map(|ip| vec![SocketAddr::new(ip, 0)].into_iter());
            let found = found.ok_or_else(|| std::io::Error::other("no such host"));
            Box::pin(std::future::ready(found))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_with_a_private_address_does_not_reach_the_proxy() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxies =
            ProxySettings::none().https(format!("http://{}", proxy.local_addr().unwrap()));
        let server = "https://mcp.example.com/mcp".parse().unwrap();
        let limits = FetchLimits::new();
        let guard = Guard::for_server(&server, PrivateHosts::default(), &limits);
        let fetcher = |resolve| {
            let resolver = GuardedResolver::new(Fixed(resolve), guard.clone());
            let network = Network::with_resolver(resolver.clone()).with_proxies(&proxies);
            let stack = CheckedProxies::new(network, resolver);
            Fetcher::new(Arc::new(stack), guard.clone(), &limits)
        };
        let url = "https://as.example.com/x";
        let error = fetcher(|_| Some("10.0.0.1")).get(url).await.unwrap_err();
        assert_eq!(error.kind(), FetchErrorKind::Forbidden, "{error}");
        assert!(error.to_string().contains("as.example.com has the address 10.0.0.1"), "{error}");
        assert!(proxy.accept().now_or_never().is_none(), "the proxy was connected to");

        // A public address, no address, and no answer in time are left to the proxy.
        for resolve in [|_: &str| Some("1.1.1.1"), |_: &str| Some("none"), |_: &str| None] {
            let fetcher = fetcher(resolve);
            let serve = async {
                let (mut stream, _) = proxy.accept().await.unwrap();
                let mut head = [0; 1_024];
                let read = stream.read(&mut head).await.unwrap();
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                assert!(head.starts_with("CONNECT as.example.com:443 HTTP/1.1\r\n"), "{head}");
                stream.write_all(b"HTTP/1.1 403 Forbidden\r\n\r\n").await.unwrap();
            };
            let (fetched, ()) = tokio::join!(fetcher.get(url), serve);
            assert_eq!(fetched.unwrap_err().kind(), FetchErrorKind::Unreachable);
        }
    }
}
