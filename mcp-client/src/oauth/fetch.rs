//! Every HTTP request of authorization. The URLs came from a server, so each is hostile until it is checked.
//!
//! What a URL says is checked before the stack sees it, whichever stack that is. What its name resolves to is
//! checked by the stack that [`Fetch::over_network`] makes; another one, such as a proxy, resolves by itself.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::connect::dns::GaiResolver;
use tokio::time::timeout;

use super::error::{Error, ErrorKind};
use super::guard::{ForbiddenAddress, Guard};
use super::resolver::GuardedResolver;
use crate::http::{BoxError, Endpoint, HttpStack, Network};

/// Longest document that is read, in bytes.
const MOST_BYTES: usize = 256 << 10;
/// How long a request may take, with its redirects and the body of its answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Most redirects that are followed.
const MOST_REDIRECTS: usize = 3;

/// Sends the requests of authorization.
#[derive(Clone)]
pub(crate) struct Fetch {
    stack: Arc<dyn HttpStack>,
    guard: Guard,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Fetch {
    /// Over a stack of the host's choice.
    pub(crate) fn new(stack: Arc<dyn HttpStack>, guard: Guard) -> Self {
        Self { stack, guard }
    }

    /// Over the network, with connections to allowed addresses only.
    pub(crate) fn over_network(guard: Guard) -> Self {
        let resolver = GuardedResolver::new(GaiResolver::new(), guard.clone());
        Self::new(Arc::new(Network::with_resolver(resolver)), guard)
    }

    /// What is allowed.
    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Gets a document. Follows redirects within its origin.
    pub(crate) async fn get(&self, url: &str) -> Result<Fetched, Error> {
        let accept = HeaderValue::from_static("application/json");
        self.send(Method::GET, url, HeaderMap::from_iter([(ACCEPT, accept)]), Bytes::new()).await
    }

    /// Posts a form or a document. Its credentials and its grants go where they were meant to go: no redirect is
    /// followed.
    pub(crate) async fn post(
        &self,
        url: &str,
        mut headers: HeaderMap,
        media_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Result<Fetched, Error> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        self.send(Method::POST, url, headers, body.into()).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Fetched, Error> {
        match timeout(TIMEOUT, self.follow(method, url, headers, body)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(unreachable(url, &format!("did not answer within {TIMEOUT:?}"))),
        }
    }

    async fn follow(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Fetched, Error> {
        let mut uri = self.guard.check(url)?;
        let mut redirects = 0;
        loop {
            let mut request = Request::new(body.clone());
            *request.method_mut() = method.clone();
            *request.uri_mut() = uri.clone();
            *request.headers_mut() = headers.clone();
            let fetched = self.exchange(url, request).await?;
            if !is_redirect(fetched.status) {
                return Ok(fetched);
            }
            if method != Method::GET {
                return Err(unreachable(
                    url,
                    "answered with a redirect, which a POST must not follow",
                ));
            }
            if redirects == MOST_REDIRECTS {
                return Err(unreachable(
                    url,
                    &format!("redirected more than {MOST_REDIRECTS} times"),
                ));
            }
            redirects += 1;
            uri = self.redirected(url, &uri, &fetched.headers)?;
        }
    }

    async fn exchange(&self, url: &str, request: Request<Bytes>) -> Result<Fetched, Error> {
        let answer = self.stack.send(request).await.map_err(|error| failed(url, error.into()))?;
        let (head, body) = answer.into_parts();
        let Some(body) = body.read(MOST_BYTES).await.map_err(|error| failed(url, error))? else {
            return Err(unreachable(url, &format!("answered with more than {MOST_BYTES} bytes")));
        };
        Ok(Fetched { status: head.status, headers: head.headers, body })
    }

    /// Where a redirect leads. It is checked like the first URL, and must stay within its origin.
    fn redirected(&self, url: &str, from: &Uri, headers: &HeaderMap) -> Result<Uri, Error> {
        let location = headers
            .get(LOCATION)
            .and_then(|location| location.to_str().ok())
            .ok_or_else(|| unreachable(url, "redirected, but said not where to"))?;
        let to = self.guard.check(&resolve(from, location))?;
        if is_same_origin(from, &to) {
            Ok(to)
        } else {
            let message = format!("{url} redirected to another origin, {}", authority(&to));
            Err(Error::new(ErrorKind::ForbiddenUrl, message))
        }
    }
}

/// Whether two URLs have the same scheme, host and port.
pub(crate) fn is_same_origin(one: &Uri, other: &Uri) -> bool {
    Endpoint::parse(&one.to_string()).is_ok_and(|one| one.is_same_origin(other))
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn authority(uri: &Uri) -> &str {
    uri.authority().map_or("", |authority| authority.as_str())
}

/// What a `Location` means, seen from the URL that gave it (RFC 3986 §5.2, but for dots, which servers resolve).
fn resolve(from: &Uri, location: &str) -> String {
    let (scheme, authority) = (from.scheme_str().unwrap_or("https"), authority(from));
    let directory = from.path().rsplit_once('/').map_or("", |(directory, _)| directory);
    if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.starts_with('?') {
        format!("{scheme}://{authority}{}{location}", from.path())
    } else if location.split(['/', '?', '#']).next().is_some_and(|first| first.contains(':')) {
        location.to_owned()
    } else {
        format!("{scheme}://{authority}{directory}/{location}")
    }
}

fn unreachable(url: &str, what: &str) -> Error {
    Error::new(ErrorKind::Unreachable, format!("{url} {what}"))
}

/// The stack's error: the resolver's refusal is told from a network that fails.
fn failed(url: &str, error: BoxError) -> Error {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&*error);
    while let Some(error) = source {
        if let Some(forbidden) = error.downcast_ref::<ForbiddenAddress>() {
            return Error::new(
                ErrorKind::ForbiddenUrl,
                format!("{url} must not be used: {forbidden}"),
            );
        }
        source = error.source();
    }
    unreachable(url, "could not be reached").because(error)
}
