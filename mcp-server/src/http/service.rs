//! The server as a [`tower_service::Service`] of HTTP requests: it mounts in axum, hyper and any
//! tower host.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body::Body;
use hyper::body::Incoming;
use mcp_core::service::Conversation as _;

use super::HttpOptions;
use super::admission::RequestBody;
#[cfg(feature = "auth")]
use super::authorization::{self, MetadataService};
use super::head::security;
use super::legacy;
use super::listener::tasks::Tasks;
use super::post;
use super::request::{Head, PeerAddress};
use super::response::body::{HttpBody, Response};
use super::response::status::{self, RequiredScopes};
use super::shared::Shared;
use crate::error::BuildError;
use crate::server::{Server, ServerBuilder};

/// A server that answers HTTP requests. Cheap to clone; clones share everything.
///
/// It is a [`tower_service::Service`] whose error is [`Infallible`], so it mounts in axum, hyper
/// and any tower host. Its limits are those of the server's [`Limits`](crate::Limits).
///
/// # In a host of your own
///
/// [`serve_http`](crate::Server::serve_http) brings its own accept loop. Elsewhere the service does
/// what can be done behind a request, and the host has to do the rest:
///
/// | Protection | Who |
/// |---|---|
/// | `Host`, `Origin`, media type, mirrored header fields | the service |
/// | length and duration of bodies, requests and bytes in flight (503, 429) | the service |
/// | sessions, detached calls, event store, subscriptions | the service |
/// | streams that the client does not read: dropped after `keep_alive_interval` plus `write_stall_timeout` | the service |
/// | responses of one piece that the client does not read | the host |
/// | duration and length of request heads, number of header fields | the host |
/// | idle connections, TCP keep-alive, number of connections | the host |
/// | HTTP/2: concurrent streams, resets, pings, closed windows | the host |
/// | shutdown | the host calls [`HttpService::shutdown`] |
///
/// A disconnect cancels a call only if the host drops the response future or the body then, as
/// hyper does.
///
/// ```no_run
/// # async fn example(service: mcp_server::http::HttpService) {
/// // After the host has stopped to accept requests:
/// service.shutdown().await;
/// # }
/// ```
#[derive(Clone)]
pub struct HttpService(Arc<Shared>);

impl ServerBuilder {
    /// Builds the server and makes it a service of HTTP requests, with the default [`HttpOptions`].
    ///
    /// ```
    /// use mcp_server::Server;
    ///
    /// let service = Server::builder("notes", "1.0.0").into_service()?;
    /// // In axum: Router::new().route_service("/mcp", service)
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// When the server cannot be built.
    pub fn into_service(self) -> Result<HttpService, BuildError> {
        Ok(self.build()?.into_service())
    }
}

impl Server {
    /// Makes the server a service of HTTP requests, with the default [`HttpOptions`].
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// let server = Server::builder("calculator", "1.0.0").routes(routes![add]).build()?;
    /// let handle = server.handle(); // The service takes the server; a clone or a handle stays.
    /// let service = server.into_service();
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn into_service(self) -> HttpService {
        self.into_service_with(HttpOptions::new())
    }

    /// Makes the server a service of HTTP requests.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::http::HttpOptions;
    ///
    /// let server = Server::builder("notes", "1.0.0").build()?;
    /// let service = server.into_service_with(HttpOptions::new().allow_host("mcp.example.com"));
    /// // In axum: Router::new().route_service("/mcp", service)
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn into_service_with(self, options: HttpOptions) -> HttpService {
        HttpService::new(self, options)
    }
}

impl HttpService {
    pub(super) fn new(server: Server, options: HttpOptions) -> Self {
        Self(Arc::new(Shared::new(server, options)))
    }

    /// Returns the metadata of the server, for a router that passes only one path to this service:
    /// it belongs at `/.well-known/oauth-protected-resource`, and at the same with the path of the
    /// server behind it. This service answers both itself where they reach it.
    ///
    /// It answers 404 if the server is not protected.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # use mcp_server::Server;
    /// # let protection = Protection::new("https://example.com/notes/mcp", StaticVerifier::new())
    /// #     .authorization_server("https://login.example.com");
    /// # let server = Server::builder("notes", "1.0.0").protect(protection).build()?;
    /// let service = server.into_service();
    /// let metadata = service.metadata();
    /// // In axum: Router::new()
    /// //     .route_service("/notes/mcp", service)
    /// //     .route_service("/.well-known/oauth-protected-resource/notes/mcp", metadata)
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    #[cfg(feature = "auth")]
    #[must_use]
    pub fn metadata(&self) -> MetadataService {
        MetadataService::new(Arc::clone(&self.0))
    }

    /// Ends the streams of `subscriptions/listen`, each with its result, and those of sessions, so
    /// that the connections that carry them can end. Other calls go on. Call it when the host
    /// begins to shut down.
    ///
    /// ```no_run
    /// # async fn example(service: mcp_server::http::HttpService, serving: tokio::task::JoinHandle<()>) {
    /// // `serving` is the host, which has been told to stop. Open streams would keep it.
    /// service.close();
    /// drop(serving.await);
    /// service.shutdown().await;
    /// # }
    /// ```
    pub fn close(&self) {
        self.0.modern.draining();
    }

    /// Shuts down: does what [`HttpService::close`] does, waits until the calls that outlive their
    /// requests are done, at most [`HttpLimits::shutdown_timeout`](super::HttpLimits), and then ends
    /// all sessions and drops the calls that still run.
    ///
    /// Calls whose requests the host still polls are the host's to wait for, or to drop. Requests
    /// that arrive later are answered as before. Cancel safe: dropping the future stops the waiting
    /// and nothing else.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// let service = Server::builder("notes", "1.0.0").into_service()?;
    /// // … serve it …
    /// service.shutdown().await; // Returns at once: no call runs.
    /// # Ok::<(), mcp_server::BuildError>(())
    /// # }).unwrap();
    /// ```
    pub async fn shutdown(&self) {
        self.close();
        let timeout = self.0.legacy.limits.shutdown_timeout;
        if tokio::time::timeout(timeout, self.0.tasks.done()).await.is_err() {
            let tasks = self.0.tasks.count();
            tracing::warn!(tasks, "dropped calls that were still running at shutdown");
        }
        self.end();
        self.leave().await;
    }

    /// Tells the other instances that this one ends.
    pub(super) async fn leave(&self) {
        if let Some(fleet) = &self.0.server.fleet {
            fleet.leave().await;
        }
    }

    /// Ends all sessions, and the calls that outlive their requests.
    pub(super) fn end(&self) {
        self.0.legacy.sessions.clear();
        self.0.tasks.give_up();
    }

    #[cfg(test)]
    pub(super) fn sessions(&self) -> &legacy::session::Sessions {
        &self.0.legacy.sessions
    }

    pub(super) fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// Answers a request of the accept loop, which looks after peers that do not read by itself.
    pub(super) fn respond_to(
        &self,
        request: Request<Incoming>,
        peer: Arc<PeerAddress>,
    ) -> HttpFuture {
        let (parts, body) = request.into_parts();
        let body = RequestBody::Incoming(body);
        HttpFuture(Box::pin(Self::respond(Arc::clone(&self.0), Arc::new(parts), Some(peer), body)))
    }

    /// Answers a request of another host.
    fn respond_to_foreign(&self, parts: Parts, body: RequestBody) -> HttpFuture {
        let (shared, parts) = (Arc::clone(&self.0), Arc::new(parts));
        HttpFuture(Box::pin(async move {
            let watch = shared.bodies.clone();
            let response = Self::respond(shared, parts, None, body).await;
            response.map(|body| body.watched(&watch))
        }))
    }

    async fn respond(
        shared: Arc<Shared>,
        parts: Arc<Parts>,
        peer: Option<Arc<PeerAddress>>,
        body: RequestBody,
    ) -> Response {
        #[cfg_attr(not(feature = "auth"), expect(unused_mut, reason = "only tokens change it"))]
        let mut head = Head::new(&parts, peer.as_ref());
        #[cfg(feature = "auth")]
        if let Some(guard) = &shared.server.guard
            && guard.resource().is_metadata_path(head.uri.path())
        {
            return authorization::metadata(&shared, guard, &head.method);
        }
        #[cfg(feature = "http-sse")]
        let is_sse_2024 = shared.sessions && legacy::sse_2024::is_meant(&shared, &head);
        #[cfg(not(feature = "http-sse"))]
        let is_sse_2024 = false;
        let is_served = |path: &_| *path == head.uri.path();
        if !is_sse_2024 && !shared.options.path.as_ref().is_none_or(is_served) {
            return status::bare(StatusCode::NOT_FOUND);
        }
        if let Err((status, reason)) = security::check(&head, &head.fields, &shared.options) {
            return status::refused(status, None, reason);
        }
        #[cfg(feature = "auth")]
        let mut nonce = None;
        #[cfg(feature = "auth")]
        if let Some(guard) = &shared.server.guard {
            // Boxed, so that the future of an unprotected call is small.
            match Box::pin(guard.authenticate(&parts)).await {
                Ok(caller) => nonce = head.set_caller(caller),
                Err(refusal) => {
                    let response = authorization::refused(&refusal);
                    return Box::pin(authorization::without_body(&head, body, response)).await;
                }
            }
        }
        let access = &shared.server.access;
        if head.method != Method::POST
            && let Err(error) = access.check_required(&access.server, head.principal())
        {
            let response = status::refusal(status::LEGACY, None, error);
            return challenged(&shared, &head, response);
        }
        // The rare cases are boxed, so that the future of a call is small.
        #[cfg_attr(not(feature = "auth"), expect(unused_mut, reason = "only nonces change it"))]
        let mut response = match head.method {
            #[cfg(feature = "http-sse")]
            _ if is_sse_2024 => Box::pin(legacy::sse_2024::answer(&shared, &head, body)).await,
            Method::POST => post::post(&shared, &head, body).await,
            Method::GET if shared.sessions => Box::pin(legacy::get(&shared, &head)).await,
            Method::DELETE if shared.sessions => Box::pin(legacy::delete(&shared, &head)).await,
            _ => status::method_not_allowed(shared.sessions),
        };
        #[cfg(feature = "auth")]
        if let Some(nonce) = nonce {
            authorization::add_nonce(&mut response, &nonce);
        }
        if response.status() == StatusCode::FORBIDDEN {
            return challenged(&shared, &head, response);
        }
        response
    }
}

/// Adds to a response that refuses a request for its scopes the challenge that names them.
#[cold]
fn challenged(shared: &Shared, head: &Head<'_>, mut response: Response) -> Response {
    if let Some(RequiredScopes(required)) = response.extensions_mut().remove() {
        let challenge = shared.insufficient_scope(head, &required);
        status::add_challenge(&mut response, &challenge);
    }
    response
}

impl<B> tower_service::Service<Request<B>> for HttpService
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    type Response = http::Response<HttpBody>;
    type Error = Infallible;
    type Future = HttpFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> HttpFuture {
        let (parts, body) = request.into_parts();
        self.respond_to_foreign(parts, RequestBody::foreign(body))
    }
}

impl fmt::Debug for HttpService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpService").field("options", &self.0.options).finish_non_exhaustive()
    }
}

/// The future of a response. It runs the handler: dropping it cancels the call.
#[must_use = "futures do nothing unless polled"]
pub struct HttpFuture(Pin<Box<dyn Future<Output = Response> + Send>>);

impl Future for HttpFuture {
    type Output = Result<http::Response<HttpBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for HttpFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpFuture")
    }
}
