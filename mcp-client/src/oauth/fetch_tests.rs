//! Fetches over a scripted stack, and over the network of this machine.

use std::collections::VecDeque;
use std::future::Ready;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt as _;
use http::header::LOCATION;
use http::{HeaderMap, Request, Response, StatusCode};
use hyper_util::client::legacy::connect::dns::Name;
use mcp_core::service::BoxFuture;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tower_service::Service;

use super::error::ErrorKind;
use super::fetch::Fetch;
use super::guard::Guard;
use super::resolver::GuardedResolver;
use crate::http::{Endpoint, HttpBody, HttpError, HttpStack, Network};

fn guard(server: &str) -> Guard {
    Guard::new(&Endpoint::parse(server).unwrap(), false)
}

fn public() -> Guard {
    guard("https://mcp.example.com/mcp")
}

/// Gives the answers it was told, and notes what was asked.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Response<String>>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Response<String>>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
        })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl HttpStack for Script {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<HttpBody>, HttpError>> {
        self.asked.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(async move {
            match answer {
                Some(answer) => Ok(answer.map(HttpBody::new)),
                None => std::future::pending().await,
            }
        })
    }
}

fn ok(body: impl Into<String>) -> Response<String> {
    Response::new(body.into())
}

fn redirect(status: u16, location: &str) -> Response<String> {
    let mut answer = Response::new(String::new());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer.headers_mut().insert(LOCATION, location.try_into().unwrap());
    answer
}

const START: &str = "https://as.example.com/a/start?x=1";

#[tokio::test]
async fn redirects_within_the_origin_are_followed() {
    for (location, to) in [
        ("https://as.example.com/b", "https://as.example.com/b"),
        ("https://AS.example.com:443/b", "https://AS.example.com:443/b"),
        ("//as.example.com/b", "https://as.example.com/b"),
        ("/b", "https://as.example.com/b"),
        ("b?y=2:3", "https://as.example.com/a/b?y=2:3"),
        ("?y=2", "https://as.example.com/a/start?y=2"),
    ] {
        for status in [301, 302, 303, 307, 308] {
            let script = Script::new([redirect(status, location), ok("{}")]);
            let fetched = Fetch::new(script.clone(), public()).get(START).await.unwrap();
            assert_eq!((fetched.status, &*fetched.body), (StatusCode::OK, &b"{}"[..]));
            assert_eq!(script.asked(), [format!("GET {START}"), format!("GET {to}")]);
        }
    }
}

#[tokio::test]
async fn redirects_elsewhere_are_not() {
    for location in [
        "https://evil.example/b",
        "//evil.example/b",
        "https://as.example.com:8443/b",
        "http://as.example.com/b",
        "https://sub.as.example.com/b",
        "https://as.example.com@evil.example/",
        "https://127.0.0.1/b",
        "http://169.254.169.254/latest/meta-data/",
        "https://[::1]/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
    ] {
        let script = Script::new([redirect(302, location), ok("{}")]);
        let error = Fetch::new(script.clone(), public()).get(START).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenUrl, "{location}");
        assert_eq!(script.asked().len(), 1, "{location}");
    }
}

#[tokio::test]
async fn redirects_have_an_end() {
    let script = Script::new((0..10).map(|_| redirect(302, "/again")));
    let error = Fetch::new(script.clone(), public()).get(START).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(error.to_string().ends_with("redirected more than 3 times"), "{error}");
    assert_eq!(script.asked().len(), 4);

    let mut nowhere = redirect(302, "/");
    nowhere.headers_mut().clear();
    let error = Fetch::new(Script::new([nowhere]), public()).get(START).await.unwrap_err();
    assert!(error.to_string().ends_with("redirected, but said not where to"), "{error}");
}

#[tokio::test]
async fn a_post_follows_none() {
    for status in [301, 302, 303, 307, 308] {
        let script = Script::new([redirect(status, "/token2"), ok("{}")]);
        let fetch = Fetch::new(script.clone(), public());
        let form = "application/x-www-form-urlencoded";
        let error = fetch
            .post("https://as.example.com/token", HeaderMap::new(), form, "code=1")
            .await
            .unwrap_err();
        assert!(error.to_string().contains("a POST must not follow"), "{error}");
        assert_eq!(script.asked(), ["POST https://as.example.com/token"]);
    }
}

#[tokio::test]
async fn the_stack_never_sees_a_forbidden_url() {
    let script = Script::new([]);
    let fetch = Fetch::new(script.clone(), public());
    for url in
        ["http://as.example.com/", "https://127.1/", "https://10.0.0.1/", "file:///etc/passwd"]
    {
        assert_eq!(fetch.get(url).await.unwrap_err().kind(), ErrorKind::ForbiddenUrl);
    }
    assert!(script.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn answers_are_bounded_in_size_and_time() {
    let script = Script::new([ok(" ".repeat(256 << 10)), ok(" ".repeat((256 << 10) + 1))]);
    let fetch = Fetch::new(script, public());
    assert_eq!(fetch.get(START).await.unwrap().body.len(), 256 << 10);
    let error = fetch.get(START).await.unwrap_err();
    assert!(error.to_string().ends_with("answered with more than 262144 bytes"), "{error}");

    let started = tokio::time::Instant::now();
    let error = fetch.get(START).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(error.to_string().ends_with("did not answer within 10s"), "{error}");
    assert_eq!(started.elapsed().as_secs(), 10);
}

/// Names resolve to one list of addresses after the other, the last one for good.
#[derive(Clone)]
struct Flipping {
    answers: Arc<Vec<Vec<IpAddr>>>,
    asked: Arc<AtomicUsize>,
}

impl Flipping {
    fn new(answers: &[&[&str]]) -> Self {
        let answer = |answer: &&[&str]| answer.iter().map(|ip| ip.parse().unwrap()).collect();
        Self { answers: Arc::new(answers.iter().map(answer).collect()), asked: Arc::default() }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
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
        let turn = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        let addresses: Vec<_> =
            self.answers[turn].iter().map(|&ip| SocketAddr::new(ip, 0)).collect();
        std::future::ready(Ok(addresses.into_iter()))
    }
}

#[tokio::test]
async fn a_resolver_that_flips_gains_nothing() {
    let flipping = Flipping::new(&[&["1.1.1.1"], &["127.0.0.1"], &["10.0.0.1", "1.1.1.1", "::1"]]);
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

/// A listener that nobody may connect to.
struct Canary(TcpListener);

impl Canary {
    async fn new(address: &str) -> Self {
        Self(TcpListener::bind(address).await.unwrap())
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Asserts that nobody did. A connection would wait in the listener's queue by now: it is there before the
    /// client's `connect` returns.
    fn assert_silent(&self) {
        assert!(self.0.accept().now_or_never().is_none(), "the canary was hit");
    }
}

#[tokio::test]
async fn the_canary_is_not_hit() {
    let canary = Canary::new("127.0.0.1:0").await;
    let port = canary.port();

    let fetch = Fetch::over_network(public());
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
            let error = fetch.get(&format!("{scheme}://{host}:{port}/")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ForbiddenUrl, "{error}");
        }
    }

    for addresses in [&["127.0.0.1"][..], &["::ffff:127.0.0.1"], &["0.0.0.0", "::1"]] {
        let resolver = Flipping::new(&[addresses]);
        let network = Network::with_resolver(GuardedResolver::new(resolver.clone(), public()));
        let fetch = Fetch::new(Arc::new(network), public());
        let error = fetch.get(&format!("https://as.example.com:{port}/")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForbiddenUrl, "{error:?}");
        assert!(error.to_string().contains("as.example.com has the address"), "{error}");
        assert_eq!(resolver.asked(), 1);
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
    // Whoever looked the name up again would be told another address.
    let resolver = Flipping::new(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let development = guard("http://localhost:3000/mcp");
    let network =
        Network::with_resolver(GuardedResolver::new(resolver.clone(), development.clone()));
    let fetch = Fetch::new(Arc::new(network), development);
    let url = format!("http://as.localhost:{port}/document");
    let (fetched, ()) = tokio::join!(fetch.get(&url), serve);
    assert_eq!(&*fetched.unwrap().body, b"{}");
    assert_eq!(resolver.asked(), 1);
}
