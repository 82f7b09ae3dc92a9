//! From names to addresses, of which only the admitted ones are left. The connection goes to
//! exactly these: between the check and the connection there is no second look-up that could give
//! another answer.

use std::net::SocketAddr;
use std::task::{Context, Poll, ready};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::guard::{ForbiddenAddress, Guard};
use crate::http_client::BoxError;
use crate::service::BoxFuture;

/// Most addresses of one name that are tried. Fixed: real servers have a few, and each costs a
/// connection attempt.
const MAX_ADDRESSES: usize = 32;

/// A resolver behind the guard.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver<R> {
    inner: R,
    guard: Guard,
}

impl<R> GuardedResolver<R> {
    pub(super) fn new(inner: R, guard: Guard) -> Self {
        Self { inner, guard }
    }
}

impl<R> Service<Name> for GuardedResolver<R>
where
    R: Service<Name> + Send,
    R::Response: Iterator<Item = SocketAddr>,
    R::Error: Into<BoxError>,
    R::Future: Send + 'static,
{
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(ready!(self.inner.poll_ready(cx)).map_err(Into::into))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guard = self.guard.clone();
        let text = name.as_str().to_owned();
        let resolved = self.inner.call(name);
        Box::pin(async move {
            let mut refused = None;
            let mut admitted = Vec::new();
            for address in resolved.await.map_err(Into::into)?.take(MAX_ADDRESSES) {
                if guard.admits(&text, address.ip()) {
                    admitted.push(address);
                } else {
                    refused = Some(address.ip());
                }
            }
            match refused {
                Some(address) if admitted.is_empty() => {
                    let names = guard.names();
                    Err(ForbiddenAddress { name: text, address, names }.into())
                }
                _ => Ok(admitted.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::Ready;
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::FutureExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::fetch::{FetchErrorKind, FetchLimits, Fetcher, PrivateHosts};
    use crate::http_client::{HttpStack, Network};

    fn guard(server: &str) -> Guard {
        let server = server.parse().unwrap();
        Guard::for_server(&server, PrivateHosts::default(), &FetchLimits::new())
    }

    fn public() -> Guard {
        guard("https://mcp.example.com/mcp")
    }

    fn fetcher(network: impl HttpStack, guard: Guard) -> Fetcher {
        Fetcher::new(Arc::new(network), guard, &FetchLimits::new())
    }

    /// Names resolve to one list of addresses after the other; the last one stays.
    #[derive(Clone)]
    struct Flipping {
        answers: Arc<Vec<Vec<IpAddr>>>,
        lookups: Arc<AtomicUsize>,
    }

    impl Flipping {
        fn new(answers: &[&[&str]]) -> Self {
            let answer = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
            Self {
                answers: Arc::new(answers.iter().map(answer).collect()),
                lookups: Arc::default(),
            }
        }

        fn lookups(&self) -> usize {
            self.lookups.load(Ordering::SeqCst)
        }
    }

    impl Service<Name> for Flipping {
        type Response = std::vec::IntoIter<SocketAddr>;
        type Error = std::io::Error;
        type Future = Ready<Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            let turn = self.lookups.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
            let addresses: Vec<_> =
                self.answers[turn].iter().map(|&ip| SocketAddr::new(ip, 0)).collect();
            std::future::ready(Ok(addresses.into_iter()))
        }
    }

    #[tokio::test]
    async fn a_resolver_that_changes_its_answer_gains_nothing() {
        let flipping =
            Flipping::new(&[&["1.1.1.1"], &["127.0.0.1"], &["10.0.0.1", "1.1.1.1", "::1"]]);
        let mut resolver = GuardedResolver::new(flipping, public());
        let mut resolve = || resolver.call("as.example.com".parse().unwrap());
        let ips = |addresses: std::vec::IntoIter<SocketAddr>| {
            addresses.map(|a| a.ip().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(ips(resolve().await.unwrap()), ["1.1.1.1"]);
        let error = resolve().await.unwrap_err().to_string();
        assert_eq!(error, "as.example.com has the address 127.0.0.1, which is this machine");
        assert_eq!(ips(resolve().await.unwrap()), ["1.1.1.1"]);
    }

    /// A listener that must not be connected to.
    struct Canary(TcpListener);

    impl Canary {
        async fn new() -> Self {
            Self(TcpListener::bind("127.0.0.1:0").await.unwrap())
        }

        fn port(&self) -> u16 {
            self.0.local_addr().unwrap().port()
        }

        /// Asserts that there was no connection. One would wait in the listener's queue by now: it
        /// is there before the client's `connect` returns.
        fn assert_silent(&self) {
            assert!(self.0.accept().now_or_never().is_none(), "there was a connection");
        }
    }

    #[tokio::test]
    async fn no_spelling_of_this_machine_is_connected_to() {
        let canary = Canary::new().await;
        let port = canary.port();

        let fetcher_of_network = Fetcher::over_network(public(), &FetchLimits::new());
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "localhost",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",
            "[::]",
        ] {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}:{port}/");
                let error = fetcher_of_network.get(&url).await.unwrap_err();
                assert_eq!(error.kind(), FetchErrorKind::Forbidden, "{error}");
            }
        }

        for addresses in [&["127.0.0.1"][..], &["::ffff:127.0.0.1"], &["0.0.0.0", "::1"]] {
            let resolver = Flipping::new(&[addresses]);
            let network = Network::with_resolver(GuardedResolver::new(resolver.clone(), public()));
            let url = format!("https://as.example.com:{port}/");
            let error = fetcher(network, public()).get(&url).await.unwrap_err();
            assert_eq!(error.kind(), FetchErrorKind::Forbidden, "{error:?}");
            assert!(error.to_string().contains("as.example.com has the address"), "{error}");
            assert_eq!(resolver.lookups(), 1);
        }
        canary.assert_silent();
    }

    #[tokio::test]
    async fn the_connection_goes_to_the_address_that_was_checked() {
        let served = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = served.local_addr().unwrap().port();
        let serve = async {
            let (mut stream, _) = served.accept().await.unwrap();
            let mut head = [0; 4096];
            let read = stream.read(&mut head).await.unwrap();
            assert!(head[..read].starts_with(b"GET /document HTTP/1.1\r\n"));
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await.unwrap();
        };
        // A second look-up would give another address.
        let resolver = Flipping::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
        let development = guard("http://localhost:3000/mcp");
        let network =
            Network::with_resolver(GuardedResolver::new(resolver.clone(), development.clone()));
        let fetcher = fetcher(network, development);
        let url = format!("http://as.localhost:{port}/document");
        let (fetched, ()) = tokio::join!(fetcher.get(&url), serve);
        assert_eq!(&*fetched.unwrap().body, b"{}");
        assert_eq!(resolver.lookups(), 1);
    }
}
