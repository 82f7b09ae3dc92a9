//! The listener on this machine to which the browser returns. Spec: RFC 8252 §7.3, §8.3; OAuth 2.1
//! §8.4.2.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::oauth::limits::OAuthLimits;

/// The buffer of a connection: more than a browser's request needs.
const BUFFER_BYTES: usize = 64 << 10;

/// The listener on this machine to which the browser returns after the log-in. It is there as long
/// as the log-in takes.
///
/// The default is `http://127.0.0.1:<free port>/callback`; a port that was registered before is
/// used again if it is free. Authorization servers must accept any port (RFC 8252 §7.3); for one
/// that does not, and for a client that was registered by hand, the URL can be set.
///
/// ```
/// use mcp_client::oauth::{Loopback, OAuth};
///
/// // http://localhost:8976/oauth/done
/// let loopback = Loopback::new().localhost().port(8976).path("/oauth/done");
/// let oauth = OAuth::authorization_code().loopback(loopback).build();
/// ```
#[derive(Debug, Clone)]
pub struct Loopback {
    host: &'static str,
    port: Option<u16>,
    path: String,
}

impl Loopback {
    /// `http://127.0.0.1:<free port>/callback`.
    ///
    /// ```
    /// use mcp_client::oauth::{Loopback, OAuth};
    ///
    /// let oauth = OAuth::authorization_code().loopback(Loopback::new().port(8976)).build();
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self { host: "127.0.0.1", port: None, path: "/callback".to_owned() }
    }

    /// Requires this port, instead of any free one.
    ///
    /// ```
    /// use mcp_client::oauth::Loopback;
    ///
    /// let loopback = Loopback::new().port(8976); // http://127.0.0.1:8976/callback
    /// ```
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// The path, which begins with a slash.
    ///
    /// ```
    /// use mcp_client::oauth::Loopback;
    ///
    /// // http://127.0.0.1:<free port>/oauth/done
    /// let loopback = Loopback::new().path("/oauth/done");
    /// ```
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        self
    }

    /// Writes `localhost` instead of `127.0.0.1` in the URL, for authorization servers that accept
    /// no other name. The listener stays on 127.0.0.1.
    ///
    /// ```
    /// use mcp_client::oauth::Loopback;
    ///
    /// let loopback = Loopback::new().localhost().port(8976); // http://localhost:8976/callback
    /// ```
    #[must_use]
    pub fn localhost(mut self) -> Self {
        self.host = "localhost";
        self
    }

    /// Listens; on the port of a redirect URI that was registered before, if it is free.
    pub(crate) async fn listen(
        &self,
        registered: Option<&str>,
        limits: &OAuthLimits,
    ) -> io::Result<Listener> {
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
            max_connections: limits.max_loopback_connections.max(1),
            request_timeout: limits.loopback_request_timeout,
            connection_timeout: limits.loopback_connection_timeout,
        })
    }

    /// The port of a redirect URI, if the URI is one of this listener.
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
    max_connections: usize,
    request_timeout: Duration,
    connection_timeout: Duration,
}

impl Listener {
    /// The redirect URI.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// Waits for the browser, and returns the query of its request. A request whose query
    /// `is_expected` does not accept is refused, so that no other page can end the log-in. Dropping
    /// the future closes the listener.
    pub(crate) async fn query(
        self,
        is_expected: impl Fn(&str) -> bool + Send + Sync + 'static,
    ) -> io::Result<String> {
        let (queries, mut accepted_queries) = mpsc::channel(1);
        let page = Arc::new(CallbackPage {
            host: self.host,
            path: self.path,
            is_expected: Box::new(is_expected),
            is_done: AtomicBool::new(false),
            queries,
            request_timeout: self.request_timeout,
            connection_timeout: self.connection_timeout,
        });
        let mut connections = JoinSet::new();
        let mut by_age = VecDeque::new();
        loop {
            tokio::select! {
                biased;
                Some((query, answered)) = accepted_queries.recv() => {
                    // The page is sent before the listener is closed.
                    let _ = answered.await;
                    return Ok(query);
                }
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        while connections.try_join_next().is_some() {}
                        by_age.retain(|task: &tokio::task::AbortHandle| !task.is_finished());
                        if by_age.len() >= self.max_connections
                            && let Some(oldest) = by_age.pop_front()
                        {
                            oldest.abort();
                        }
                        by_age.push_back(connections.spawn(Arc::clone(&page).serve(stream)));
                    }
                    Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                    Err(error) => return Err(error),
                },
            }
        }
    }
}

/// The page to which the browser returns.
struct CallbackPage {
    host: String,
    path: String,
    is_expected: Box<dyn Fn(&str) -> bool + Send + Sync>,
    is_done: AtomicBool,
    /// Gets the query, and what is dropped when the connection that brought it ends.
    queries: mpsc::Sender<(String, oneshot::Receiver<Infallible>)>,
    request_timeout: Duration,
    connection_timeout: Duration,
}

impl CallbackPage {
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let (_answering, answered) = oneshot::channel();
        let answered = mcp_core::sync::Mutex::new(Some(answered));
        let service = service_fn(|request: Request<Incoming>| {
            let (response, query) = self.respond(&request);
            if let (Some(query), Some(answered)) = (query, answered.lock().take()) {
                // There is one query for one place.
                let _ = self.queries.try_send((query, answered));
            }
            std::future::ready(Ok::<_, Infallible>(response))
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.request_timeout)
            .keep_alive(false)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        // A failed connection is the browser's concern; the user can try again.
        let _ = timeout(self.connection_timeout, connection).await;
    }

    fn respond(&self, request: &Request<Incoming>) -> (Response<String>, Option<String>) {
        // A page elsewhere whose name was made to lead here has another host (DNS rebinding).
        let is_here =
            request.headers().get(HOST).is_some_and(|host| host.as_bytes() == self.host.as_bytes());
        if !is_here || request.uri().path() != self.path {
            return (page(StatusCode::NOT_FOUND, "There is nothing here."), None);
        }
        if request.method() != Method::GET {
            let mut response = page(StatusCode::METHOD_NOT_ALLOWED, "There is nothing here.");
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
            return (response, None);
        }
        let query = request.uri().query().unwrap_or_default();
        if !(self.is_expected)(query) {
            let text = "This is not the answer to the log-in that is under way.";
            return (page(StatusCode::BAD_REQUEST, text), None);
        }
        if self.is_done.swap(true, Ordering::SeqCst) {
            return (page(StatusCode::NOT_FOUND, "The log-in has ended already."), None);
        }
        let text = "You can close this page and return to the application.";
        (page(StatusCode::OK, text), Some(query.to_owned()))
    }
}

/// A page that repeats nothing of the request and may load nothing.
fn page(status: StatusCode, text: &str) -> Response<String> {
    let mut response = Response::new(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Authorization</title>\
         <p>{text}</p></html>\n"
    ));
    *response.status_mut() = status;
    let headers = response.headers_mut();
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
    response
}
