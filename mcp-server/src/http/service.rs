//! The server as a [`tower_service::Service`] of HTTP requests: it mounts in axum, hyper and any tower host.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::request::Parts;
use http::{Method, Request, StatusCode};
use http_body::Body;
use mcp_core::revision::Era;
use mcp_core::service::{Conversation as _, Peer};

use super::admission::Admission;
use super::legacy::{self, Legacy};
use super::tasks::Tasks;
use super::{HttpBody, HttpOptions, Response, post, security, status};
use crate::call::Binding;
use crate::definition::ServerDefinition;
use crate::error::BuildError;
use crate::server::Connection;
use crate::server::{Server, ServerBuilder};

/// A server that answers HTTP requests. Cheap to clone; clones share everything.
///
/// It is a [`tower_service::Service`] whose error is [`Infallible`]. Bounds are those of the server's
/// [`Limits`](crate::Limits).
#[derive(Clone)]
pub struct HttpService(Arc<Shared>);

/// What all requests share.
pub(super) struct Shared {
    pub(super) server: Arc<ServerDefinition>,
    /// Answers the requests of the modern era, which have nothing in common but this.
    pub(super) modern: Arc<Connection>,
    pub(super) options: HttpOptions,
    pub(super) admission: Arc<Admission>,
    /// Whether a revision with sessions is offered.
    pub(super) sessions: bool,
    pub(super) legacy: Legacy,
    pub(super) tasks: Tasks,
    #[cfg(feature = "http-sse")]
    pub(super) sse_2024: super::sse_2024::Streams,
}

impl ServerBuilder {
    /// Builds the server and makes it a service of HTTP requests, with the default [`HttpOptions`].
    ///
    /// # Errors
    /// When the server cannot be built.
    pub fn into_service(self) -> Result<HttpService, BuildError> {
        Ok(self.build()?.into_service())
    }
}

impl Server {
    /// Makes the server a service of HTTP requests, with the default [`HttpOptions`].
    pub fn into_service(self) -> HttpService {
        self.into_service_with(HttpOptions::new())
    }

    /// Makes the server a service of HTTP requests.
    pub fn into_service_with(self, options: HttpOptions) -> HttpService {
        HttpService::new(self, options)
    }
}

impl HttpService {
    pub(super) fn new(server: Server, options: HttpOptions) -> Self {
        let admission = Admission::new(&server.definition.limits().http);
        let sessions = server.definition.supports(Era::Legacy);
        let modern = Arc::new(Connection::new(server.clone(), Peer::none(), Binding::Http));
        let server = server.definition;
        let legacy = Legacy::new(&server, &options);
        let tasks = Tasks::new(server.limits().connection.write_stall_timeout);
        Self(Arc::new(Shared {
            server,
            modern,
            options,
            admission,
            sessions,
            legacy,
            tasks,
            #[cfg(feature = "http-sse")]
            sse_2024: super::sse_2024::Streams::default(),
        }))
    }

    /// Ends the streams of `subscriptions/listen`, each with its result, so that the connections that carry
    /// them can end. Other calls go on. Call it when the host begins to shut down.
    pub fn close(&self) {
        self.0.modern.draining();
    }

    /// Ends all sessions, and the calls that outlive their connections, whether they are part of one or not.
    pub(super) fn end(&self) {
        self.0.legacy.sessions.clear();
        self.0.tasks.give_up();
    }

    #[cfg(test)]
    pub(super) fn sessions(&self) -> &super::session::Sessions {
        &self.0.legacy.sessions
    }

    pub(super) fn tasks(&self) -> &Tasks {
        &self.0.tasks
    }

    /// The head is shared from the beginning: it ends up with the handler, and what an async function is given
    /// is copied from one to the next.
    async fn respond<B: Body>(shared: Arc<Shared>, parts: Arc<Parts>, body: B) -> Response {
        #[cfg(feature = "http-sse")]
        if shared.sessions && super::sse_2024::is_meant(&shared, &parts) {
            return match security::check(&parts, &shared.options) {
                Ok(()) => Box::pin(super::sse_2024::answer(&shared, parts, body)).await,
                Err((status, reason)) => status::refused(status, reason),
            };
        }
        if shared.options.path.as_ref().is_some_and(|path| *path != parts.uri.path()) {
            return status::bare(StatusCode::NOT_FOUND);
        }
        if let Err((status, reason)) = security::check(&parts, &shared.options) {
            return status::refused(status, reason);
        }
        // What is rare is boxed, so that the future of a call, which is moved to the heap, is small.
        match parts.method {
            Method::POST => post::post(&shared, parts, body).await,
            Method::GET if shared.sessions => Box::pin(legacy::get(&shared, &parts)).await,
            Method::DELETE if shared.sessions => Box::pin(legacy::delete(&shared, &parts)).await,
            _ => status::method_not_allowed(shared.sessions),
        }
    }
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
        HttpFuture(Box::pin(Self::respond(Arc::clone(&self.0), Arc::new(parts), body)))
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
