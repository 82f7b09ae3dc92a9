//! The listener to which the browser returns, over sockets.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mcp_client::Limits;
use mcp_client::http::Authorizer as _;
use mcp_client::oauth::{AuthorizationUrl, Loopback, MemoryStore, OAuth, OAuthLimits};
use mcp_test_support::soon;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::world::{SERVER, World, binding, bound, field};

/// Sends a request byte for byte and reads the whole answer.
async fn raw(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn get(target: &str, host: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

/// A log-in that waits for the browser: the call, and the URL that the browser is redirected to.
async fn waiting(
    world: &World,
    loopback: Loopback,
    store: MemoryStore,
) -> (tokio::task::JoinHandle<u16>, String, Arc<OAuth>) {
    waiting_with(world, loopback, store, Limits::new()).await
}

async fn waiting_with(
    world: &World,
    loopback: Loopback,
    store: MemoryStore,
    limits: Limits,
) -> (tokio::task::JoinHandle<u16>, String, Arc<OAuth>) {
    let (sender, mut urls) = mpsc::unbounded_channel();
    let user = world.clone();
    let oauth = world.oauth().loopback(loopback).store(store).open_browser(
        move |url: &AuthorizationUrl| sender.send(user.log_in(url)).map_err(std::io::Error::other),
    );
    let oauth = Arc::new(oauth.build());
    oauth.bind(&binding(SERVER).with_limits(limits)).unwrap();
    let call = tokio::spawn({
        let (world, oauth) = (world.clone(), Arc::clone(&oauth));
        async move { world.call(&oauth, "a").await.unwrap() }
    });
    (call, urls.recv().await.unwrap(), oauth)
}

/// Limits with a time for each request on the loopback interface. The time of a connection is an
/// hour, so that a slow machine closes none by that.
fn request_timeout(timeout: Duration) -> Limits {
    let mut limits = Limits::new();
    limits.oauth.loopback_request_timeout = timeout;
    limits.oauth.loopback_connection_timeout = Duration::from_secs(3_600);
    limits
}

fn port_of(redirect: &str) -> u16 {
    redirect.split(':').nth(2).unwrap().split('/').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_browser_returns_to_the_listener() {
    let world = World::new();
    let limits = request_timeout(Duration::from_secs(3_600));
    let (call, back, _oauth) =
        waiting_with(&world, Loopback::new(), MemoryStore::new(), limits).await;
    let redirect = back.split('?').next().unwrap();
    let (port, host) = (port_of(redirect), format!("127.0.0.1:{}", port_of(redirect)));
    assert_eq!(redirect, format!("http://{host}/callback"));
    let target = back.strip_prefix(&format!("http://{host}")).unwrap();

    // Other requests do not end the log-in.
    let state = field(target.split_once('?').unwrap().1, "state").unwrap();
    let others = [
        (get("/", &host), "404"),
        (get("/callback/", &host), "404"),
        (get("/callback", &host), "400"),
        (get("/callback?code=x&state=y", &host), "400"),
        (get(&format!("/callback?error=access_denied&state=x{state}"), &host), "400"),
        (get(&format!("{target}&state=x"), &host), "400"),
        (get(target, "evil.example.com"), "404"),
        (get(target, &format!("evil.example.com:{port}")), "404"),
        (get(target, &format!("localhost:{port}")), "404"),
        (get(target, &host).replace("GET", "POST"), "405"),
        (get(target, &host).replace("GET", "HEAD"), "405"),
        ("nonsense\r\n\r\n".to_owned(), "400"),
    ];
    for (request, status) in others {
        let answer = raw(port, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
        assert!(
            !answer.contains("evil") && !answer.contains(&state),
            "nothing of the request is repeated"
        );
    }
    assert!(!call.is_finished());

    // Idle connections do not keep the browser out, however many there are.
    let mut idle = Vec::new();
    for _ in 0..100 {
        idle.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    let answer = raw(port, &get(target, &host)).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    for line in [
        "content-type: text/html; charset=utf-8",
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "content-security-policy: default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        "x-content-type-options: nosniff",
        "connection: close",
    ] {
        assert!(head.to_ascii_lowercase().contains(line), "{line}: {head}");
    }
    assert!(body.contains("You can close this page"), "{body}");
    assert_eq!(call.await.unwrap(), 200);
    // The listener is closed, and an answer is valid once.
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
}

/// Waits until the other side has closed a connection.
async fn closed(stream: &mut TcpStream) {
    let mut byte = [0];
    assert_eq!(stream.read(&mut byte).await.unwrap_or(0), 0);
}

#[tokio::test]
async fn a_new_connection_closes_the_oldest_when_there_are_too_many() {
    let world = World::new();
    // Only the number of connections closes one.
    let limits = request_timeout(Duration::from_secs(3_600));
    let (call, back, _oauth) =
        waiting_with(&world, Loopback::new(), MemoryStore::new(), limits).await;
    let port = port_of(back.split('?').next().unwrap());
    let limit = OAuthLimits::new().max_loopback_connections;
    let mut connections = Vec::new();
    for _ in 0..=limit {
        connections.push(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
    }
    soon(closed(&mut connections[0])).await;
    // The others are still open.
    for stream in &mut connections[1..] {
        assert!(stream.try_read(&mut [0]).is_err());
    }
    call.abort();
}

#[tokio::test]
async fn a_connection_without_a_request_is_closed_soon() {
    let world = World::new();
    let timeout = Duration::from_millis(200);
    let (call, back, _oauth) =
        waiting_with(&world, Loopback::new(), MemoryStore::new(), request_timeout(timeout)).await;
    let port = port_of(back.split('?').next().unwrap());
    let started = Instant::now();
    let mut idle = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    soon(closed(&mut idle)).await;
    let mut slow = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    slow.write_all(b"GET /callback HTTP/1.1\r\nHost: x").await.unwrap();
    soon(closed(&mut slow)).await;
    assert!(started.elapsed() >= 2 * timeout, "{:?}", started.elapsed());
    call.abort();
}

#[tokio::test]
async fn the_registered_port_is_used_again() {
    let world = World::new();
    let store = MemoryStore::new();
    let mut redirects = Vec::new();
    for _ in 0..2 {
        let (call, back, oauth) = waiting(&world, Loopback::new(), store.clone()).await;
        let redirect = back.split('?').next().unwrap().to_owned();
        let port = port_of(&redirect);
        let target = &back[format!("http://127.0.0.1:{port}").len()..];
        raw(port, &get(target, &format!("127.0.0.1:{port}"))).await;
        assert_eq!(call.await.unwrap(), 200);
        redirects.push(redirect);
        // A second log-in is needed.
        drop(oauth);
        world.expire_all();
        world.route("https://as.example.com/token", |world, sent| {
            match sent.field("refresh_token") {
                Some(_) => crate::world::Answer::error("invalid_grant"),
                None => world.issue(sent, serde_json::json!({})),
            }
        });
    }
    assert_eq!(redirects[0], redirects[1]);
    assert_eq!(world.sent_to("https://as.example.com/register").len(), 1);
}

#[tokio::test]
async fn host_port_and_path_can_be_chosen() {
    // A port that is free now.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let world = World::new();
    let loopback = Loopback::new().localhost().port(port).path("done");
    let (call, back, _oauth) = waiting(&world, loopback, MemoryStore::new()).await;
    assert!(back.starts_with(&format!("http://localhost:{port}/done?")), "{back}");
    let target = &back[format!("http://localhost:{port}").len()..];
    let answer = raw(port, &get(target, &format!("localhost:{port}"))).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(call.await.unwrap(), 200);
}

#[tokio::test]
async fn a_port_in_use_is_an_error_before_the_browser_opens() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let world = World::new();
    let opened = Arc::new(Mutex::new(false));
    let oauth = world.oauth().loopback(Loopback::new().port(port)).open_browser({
        let opened = Arc::clone(&opened);
        move |_| {
            *opened.lock().unwrap() = true;
            Ok(())
        }
    });
    let error = world.call(&bound(oauth), "a").await.unwrap_err();
    assert_eq!(error.kind(), mcp_client::oauth::ErrorKind::Configuration);
    assert!(!*opened.lock().unwrap());
}

#[tokio::test]
async fn a_connection_is_closed_after_its_time_whatever_its_request_may_take() {
    let world = World::new();
    let mut limits = Limits::new();
    limits.oauth.loopback_request_timeout = Duration::from_secs(3_600);
    limits.oauth.loopback_connection_timeout = Duration::from_millis(200);
    let (call, back, _oauth) =
        waiting_with(&world, Loopback::new(), MemoryStore::new(), limits).await;
    let port = port_of(back.split('?').next().unwrap());
    let began = Instant::now();
    let mut idle = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    soon(closed(&mut idle)).await;
    assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
    call.abort();
}
