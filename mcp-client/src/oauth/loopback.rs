//! The place on this machine to which the browser comes back. Spec: RFC 8252 §7.3, §8.3; OAuth 2.1 §8.4.2.

use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Most connections at a time: a browser opens a few more than it needs.
const MOST_CONNECTIONS: usize = 16;
/// How long one connection may take.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// The place on this machine to which the browser comes back after the log-in: a listener on 127.0.0.1 that is there
/// as long as a log-in takes.
///
/// The default is `http://127.0.0.1:<free port>/callback`; a port that was registered before is taken again when it is
/// free. Authorization servers must take any port (RFC 8252 §7.3), but for one that does not, or a client that is
/// registered by hand, the URL can be said.
///
/// ```
/// use mcp_client::oauth::{Loopback, OAuth};
///
/// // http://localhost:8976/oauth/done
/// let oauth = OAuth::authorization_code().loopback(Loopback::new().localhost().port(8976).path("/oauth/done")).build();
/// ```
#[derive(Debug, Clone)]
pub struct Loopback {
    host: &'static str,
    port: Option<u16>,
    path: String,
}

impl Loopback {
    /// `http://127.0.0.1:<free port>/callback`.
    #[must_use]
    pub fn new() -> Self {
        Self { host: "127.0.0.1", port: None, path: "/callback".to_owned() }
    }

    /// The port that it must be, instead of any that is free.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// The path, which begins with a slash.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        self
    }

    /// Says `localhost` instead of `127.0.0.1`, for authorization servers that know no other name. The listener stays
    /// on 127.0.0.1.
    #[must_use]
    pub fn localhost(mut self) -> Self {
        self.host = "localhost";
        self
    }

    /// Listens; on the port of a redirect URI that was registered before, if it is free.
    pub(crate) async fn listen(&self, registered: Option<&str>) -> io::Result<Listener> {
        let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = match (self.port, registered.and_then(|uri| self.port_of(uri))) {
            (Some(port), _) => bind(port).await?,
            (None, Some(port)) => match bind(port).await {
                Ok(listener) => listener,
                Err(_) => bind(0).await?,
            },
            (None, None) => bind(0).await?,
        };
        let host = format!("{}:{}", self.host, listener.local_addr()?.port());
        Ok(Listener {
            listener,
            uri: format!("http://{host}{}", self.path),
            host,
            path: self.path.clone(),
        })
    }

    /// The port of a redirect URI, if it is one of ours.
    fn port_of(&self, uri: &str) -> Option<u16> {
        let rest = uri.strip_prefix("http://")?.strip_prefix(self.host)?.strip_prefix(':')?;
        rest.strip_suffix(self.path.as_str())?.parse().ok()
    }
}

impl Default for Loopback {
    fn default() -> Self {
        Self::new()
    }
}

/// A listener, for one log-in.
#[derive(Debug)]
pub(crate) struct Listener {
    listener: TcpListener,
    uri: String,
    host: String,
    path: String,
}

impl Listener {
    /// The redirect URI.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// Waits for the browser, and gives the query with which it came. A request whose query `is_ours` does not know
    /// is turned away, so that no other page can end the log-in. Dropping the future closes the listener.
    pub(crate) async fn query(
        self,
        is_ours: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> io::Result<String> {
        let (sender, mut queries) = mpsc::channel(1);
        let site = Arc::new(Site {
            host: self.host,
            path: self.path,
            is_ours: Box::new(is_ours),
            is_done: AtomicBool::new(false),
        });
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                Some(query) = queries.recv() => return Ok(query),
                accepted = self.listener.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(Arc::clone(&site).serve(stream, sender.clone()));
                    }
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                    Err(error) => return Err(error),
                },
                Some(_) = connections.join_next() => {}
            }
        }
    }
}

struct Site {
    host: String,
    path: String,
    is_ours: Box<dyn Fn(&str) -> bool + Send + Sync>,
    is_done: AtomicBool,
}

impl Site {
    async fn serve(self: Arc<Self>, stream: TcpStream, queries: mpsc::Sender<String>) {
        let taken = Mutex::new(None);
        let service = service_fn(|request: Request<Incoming>| {
            let (answer, query) = self.answer(&request);
            if query.is_some() {
                *taken.lock().unwrap_or_else(PoisonError::into_inner) = query;
            }
            std::future::ready(Ok::<_, Infallible>(answer))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(CONNECTION_TIMEOUT)
            .keep_alive(false)
            .max_buf_size(64 << 10)
            .serve_connection(TokioIo::new(stream), service);
        // What goes wrong here is the browser's concern; the user can try again.
        let _ = timeout(CONNECTION_TIMEOUT, connection).await;
        // The page is out before the log-in goes on, and the listener with it.
        let query = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(query) = query {
            let _ = queries.send(query).await;
        }
    }

    fn answer(&self, request: &Request<Incoming>) -> (Response<String>, Option<String>) {
        // A page elsewhere whose name was made to lead here has another host.
        let is_here =
            request.headers().get(HOST).is_some_and(|host| host.as_bytes() == self.host.as_bytes());
        if !is_here || request.uri().path() != self.path {
            return (page(StatusCode::NOT_FOUND, "There is nothing here."), None);
        }
        if request.method() != Method::GET {
            let mut answer = page(StatusCode::METHOD_NOT_ALLOWED, "There is nothing here.");
            answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
            return (answer, None);
        }
        let query = request.uri().query().unwrap_or_default();
        if !(self.is_ours)(query) {
            return (
                page(StatusCode::BAD_REQUEST, "This is not the answer that was waited for."),
                None,
            );
        }
        if self.is_done.swap(true, Ordering::SeqCst) {
            return (page(StatusCode::NOT_FOUND, "There is nothing here any more."), None);
        }
        (
            page(StatusCode::OK, "You can close this page and go back to the application."),
            Some(query.to_owned()),
        )
    }
}

/// A page that holds nothing of the request and may load nothing.
fn page(status: StatusCode, text: &str) -> Response<String> {
    let mut answer = Response::new(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Authorization</title><p>{text}</p></html>\n"
    ));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONNECTION, "close"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}
