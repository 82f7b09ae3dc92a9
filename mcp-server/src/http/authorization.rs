//! Authorization over HTTP: the metadata of the server, and the challenges of refused requests.
//! Spec: basic/authorization; RFC 9728, RFC 6750.

use std::convert::Infallible;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW,
    CACHE_CONTROL, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE,
};
use http::{Method, Request, StatusCode};
use mcp_core::oauth::Challenge;

use super::response::body::{HttpBody, Response};
use super::response::status;
use super::shared::Shared;
use crate::auth::{DPOP_NONCE, Guard, Refusal, Scopes};

/// How long the metadata may be cached. Fixed: it changes with the configuration of a server.
const METADATA_CACHE: HeaderValue = HeaderValue::from_static("max-age=3600");

/// The metadata of a protected server, for a router that does not pass every path to the
/// [`HttpService`](super::HttpService). [`HttpService::metadata`](super::HttpService::metadata)
/// creates it.
#[derive(Clone)]
pub struct MetadataService(Arc<Shared>);

impl MetadataService {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }
}

impl<B> tower_service::Service<Request<B>> for MetadataService {
    type Response = http::Response<HttpBody>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(match &self.0.server.guard {
            Some(guard) => metadata(&self.0, guard, request.method()),
            None => status::bare(StatusCode::NOT_FOUND),
        }))
    }
}

impl fmt::Debug for MetadataService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MetadataService")
    }
}

/// The response to a request for the metadata. It is public, so pages of any origin may read it.
pub(super) fn metadata(shared: &Shared, guard: &Guard, method: &Method) -> Response {
    let mut response = match *method {
        Method::GET | Method::HEAD => {
            let metadata = guard.metadata(shared.server.scopes());
            match serde_json::to_vec(&metadata) {
                Ok(text) => status::message(StatusCode::OK, text),
                Err(error) => {
                    tracing::error!(%error, "the metadata could not be written");
                    return status::bare(StatusCode::INTERNAL_SERVER_ERROR);
                }
            }
        }
        // Clients in browsers send MCP-Protocol-Version, which needs a preflight.
        Method::OPTIONS => {
            let mut response = status::bare(StatusCode::NO_CONTENT);
            let headers = response.headers_mut();
            let methods = HeaderValue::from_static("GET, HEAD");
            headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
            let fields = HeaderValue::from_static("mcp-protocol-version");
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, fields);
            response
        }
        _ => {
            let mut response = status::bare(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD, OPTIONS"));
            return response;
        }
    };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(CACHE_CONTROL, METADATA_CACHE);
    response
}

/// The response to a request without a valid token.
pub(super) fn refused(refusal: &Refusal) -> Response {
    let mut response = status::refused(refusal.status, None, refusal.message);
    for challenge in &refusal.challenges {
        add_challenge(&mut response, challenge);
    }
    if let Some(nonce) = &refusal.nonce {
        add_nonce(&mut response, nonce);
    }
    if let Some(retry_after) = refusal.retry_after {
        let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
        response.headers_mut().insert(RETRY_AFTER, seconds.max(1).into());
    }
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Adds the nonce of the next DPoP proof.
pub(super) fn add_nonce(response: &mut Response, nonce: &str) {
    if let Ok(value) = HeaderValue::from_str(nonce) {
        response.headers_mut().insert(DPOP_NONCE, value);
    }
}

pub(super) fn add_challenge(response: &mut Response, challenge: &Challenge) {
    // A challenge has no control characters, but scopes of a server may not be ASCII.
    if let Ok(value) = HeaderValue::from_str(&challenge.to_string()) {
        response.headers_mut().append(WWW_AUTHENTICATE, value);
    }
}

impl crate::definition::ServerDefinition {
    /// Returns the scopes that requests may need, as far as they do not depend on arguments.
    fn scopes(&self) -> Scopes {
        let registry = self.live.registry();
        let of_methods = self.access.methods.values().flatten();
        let mut scopes: Vec<&str> = self.access.server.iter().map(String::as_str).collect();
        scopes.extend(of_methods.map(String::as_str));
        if !self.access.hide {
            scopes.extend(registry.fixed_scopes());
        }
        scopes.into_iter().collect()
    }
}
