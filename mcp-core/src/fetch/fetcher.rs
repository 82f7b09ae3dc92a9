//! Sends requests to URLs that are checked, and bounds the answers.
//!
//! What a URL says is checked before the stack sees it, whichever stack that is. What its name
//! resolves to is checked by the stack that [`Fetcher::over_network`] makes; another one, such as
//! a proxy, resolves by itself.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::connect::dns::GaiResolver;
use tokio::time::timeout;

use super::checked_proxies::CheckedProxies;
use super::error::{FetchError, FetchErrorKind};
use super::guard::{ForbiddenAddress, Guard};
use super::limits::FetchLimits;
use super::resolver::GuardedResolver;
use crate::http_client::url::{ShownUrl, is_same_origin, resolve};
use crate::http_client::{BoxError, HttpStack, Network, ProxySettings};
use crate::json::has_reserved_name;

/// Sends requests to URLs that its [`Guard`] allows. Clones share their connections.
#[derive(Clone)]
pub struct Fetcher {
    stack: Arc<dyn HttpStack>,
    guard: Guard,
    max_bytes: usize,
    max_redirects: u32,
    timeout: Duration,
}

/// A response, read to its end.
#[derive(Debug)]
#[non_exhaustive]
pub struct Fetched {
    /// The status, which is not a redirect.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The whole body, of at most [`FetchLimits::max_document_bytes`].
    pub body: Bytes,
}

impl Fetcher {
    /// Over a stack that the application chose. It sees only URLs that the guard allows, and
    /// resolves names itself.
    #[must_use]
    pub fn new(stack: Arc<dyn HttpStack>, guard: Guard, limits: &FetchLimits) -> Self {
        Self {
            stack,
            guard,
            max_bytes: limits.max_document_bytes,
            max_redirects: limits.max_redirects,
            timeout: limits.request_timeout,
        }
    }

    /// Over the network, with connections to admitted addresses only.
    #[must_use]
    pub fn over_network(guard: Guard, limits: &FetchLimits) -> Self {
        let resolver = GuardedResolver::new(GaiResolver::new(), guard.clone());
        Self::new(Arc::new(Network::with_resolver(resolver)), guard, limits)
    }

    /// As [`Fetcher::over_network`], with proxies. A proxy resolves names itself and decides which
    /// addresses it connects to. Here a name is refused if it can be resolved and has no admitted
    /// address.
    #[must_use]
    pub fn over_proxies(guard: Guard, limits: &FetchLimits, proxies: &ProxySettings) -> Self {
        let resolver = GuardedResolver::new(GaiResolver::new(), guard.clone());
        let network = Network::with_resolver(resolver.clone()).with_proxies(proxies);
        Self::new(Arc::new(CheckedProxies::new(network, resolver)), guard, limits)
    }

    /// What is allowed.
    #[must_use]
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Gets a document. Follows redirects within its origin. Dropping the future ends the request.
    ///
    /// # Errors [`FetchError`] if the document cannot be fetched. A response with an error status
    /// is returned as it is.
    pub async fn get(&self, url: &str) -> Result<Fetched, FetchError> {
        let accept = HeaderValue::from_static("application/json");
        self.send(Method::GET, url, HeaderMap::from_iter([(ACCEPT, accept)]), Bytes::new()).await
    }

    /// Posts a form or a document. It may hold credentials or a grant, so no redirect is followed.
    /// Dropping the future ends the request, which the server may handle all the same.
    ///
    /// # Errors
    /// As [`Fetcher::get`].
    pub async fn post(
        &self,
        url: &str,
        mut headers: HeaderMap,
        media_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Result<Fetched, FetchError> {
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
    ) -> Result<Fetched, FetchError> {
        match timeout(self.timeout, self.follow(method, url, headers, body)).await {
            Ok(fetched) => fetched,
            Err(_) => {
                let message = format!(
                    "did not answer within {:?} (`{}::request_timeout`)",
                    self.timeout,
                    self.guard.names().limits
                );
                Err(FetchError::at(FetchErrorKind::TimedOut, url, message))
            }
        }
    }

    async fn follow(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Fetched, FetchError> {
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
                let message = "answered with a redirect, which is not followed for a POST";
                return Err(unreachable(url, message));
            }
            if redirects == self.max_redirects {
                let message = format!(
                    "redirected more than {redirects} times (`{}::max_redirects`)",
                    self.guard.names().limits
                );
                return Err(unreachable(url, &message));
            }
            redirects += 1;
            uri = self.redirected(url, &uri, &fetched.headers)?;
        }
    }

    async fn exchange(&self, url: &str, request: Request<Bytes>) -> Result<Fetched, FetchError> {
        let response = self.stack.send(request).await.map_err(|error| failed(url, error.into()))?;
        let (head, body) = response.into_parts();
        let Some(body) = body.read(self.max_bytes).await.map_err(|error| failed(url, error))?
        else {
            let message = format!(
                "answered with more than {} bytes (`{}::max_document_bytes`)",
                self.max_bytes,
                self.guard.names().limits
            );
            return Err(FetchError::at(FetchErrorKind::TooLarge, url, message));
        };
        // Documents of any kind are read from it.
        if std::str::from_utf8(&body).is_ok_and(has_reserved_name) {
            return Err(unreachable(url, "answered with a member whose name serde_json reserves"));
        }
        Ok(Fetched { status: head.status, headers: head.headers, body })
    }

    /// Where a redirect leads. It is checked like the first URL, and must stay on its origin.
    fn redirected(&self, url: &str, from: &Uri, headers: &HeaderMap) -> Result<Uri, FetchError> {
        let location = headers
            .get(LOCATION)
            .and_then(|location| location.to_str().ok())
            .ok_or_else(|| unreachable(url, "redirected without a location"))?;
        let elsewhere = || {
            let message = format!("{} redirected to {}", ShownUrl(url), ShownUrl(location));
            FetchError::new(FetchErrorKind::Forbidden, message)
        };
        let to = resolve(from, location).ok_or_else(elsewhere)?;
        let to = self.guard.check(&to.to_string())?;
        if is_same_origin(from, &to) { Ok(to) } else { Err(elsewhere()) }
    }
}

impl Fetched {
    /// Whether the server may answer otherwise when it is asked again.
    #[must_use]
    pub fn is_transient_failure(&self) -> bool {
        self.status.is_server_error()
            || matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn unreachable(url: &str, what: &str) -> FetchError {
    FetchError::at(FetchErrorKind::Unreachable, url, what)
}

/// The stack's error: a refusal of the resolver is distinguished from a network that fails.
fn failed(url: &str, error: BoxError) -> FetchError {
    if let Some(forbidden) = ForbiddenAddress::of(&*error) {
        let message = format!("{} must not be used: {forbidden}", ShownUrl(url));
        return FetchError::new(FetchErrorKind::Forbidden, message);
    }
    unreachable(url, "could not be reached").with_source(error)
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").field("guard", &self.guard).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use http::Response;

    use super::*;
    use crate::fetch::PrivateHosts;
    use crate::http_client::{HttpBody, HttpError, async_trait};
    use crate::sync::Mutex;

    /// Gives the prepared answers, and records what was requested.
    #[derive(Default)]
    struct Script {
        answers: Mutex<VecDeque<Response<String>>>,
        requests: Mutex<Vec<String>>,
    }

    impl Script {
        fn new(answers: impl IntoIterator<Item = Response<String>>) -> Arc<Self> {
            Arc::new(Self {
                answers: Mutex::new(answers.into_iter().collect()),
                requests: Mutex::default(),
            })
        }

        fn requests(&self) -> Vec<String> {
            self.requests.lock().clone()
        }
    }

    #[async_trait]
    impl HttpStack for Script {
        async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
            self.requests.lock().push(format!("{} {}", request.method(), request.uri()));
            let answer = self.answers.lock().pop_front();
            match answer {
                Some(answer) => Ok(answer.map(HttpBody::new)),
                None => std::future::pending().await,
            }
        }
    }

    fn fetcher(script: &Arc<Script>) -> Fetcher {
        let server = "https://mcp.example.com/mcp".parse().unwrap();
        let limits = FetchLimits::new();
        let guard = Guard::for_server(&server, PrivateHosts::default(), &limits);
        Fetcher::new(Arc::clone(script) as Arc<dyn HttpStack>, guard, &limits)
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
                let fetched = fetcher(&script).get(START).await.unwrap();
                assert_eq!((fetched.status, &*fetched.body), (StatusCode::OK, &b"{}"[..]));
                assert_eq!(script.requests(), [format!("GET {START}"), format!("GET {to}")]);
            }
        }
    }

    #[tokio::test]
    async fn redirects_to_another_origin_are_refused() {
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
            let error = fetcher(&script).get(START).await.unwrap_err();
            assert_eq!(error.kind(), FetchErrorKind::Forbidden, "{location}");
            assert_eq!(script.requests().len(), 1, "{location}");
        }
    }

    #[tokio::test]
    async fn the_number_of_redirects_is_bounded() {
        let script = Script::new((0..10).map(|_| redirect(302, "/again")));
        let error = fetcher(&script).get(START).await.unwrap_err();
        assert_eq!(error.kind(), FetchErrorKind::Unreachable);
        assert!(error.to_string().contains("redirected more than 3 times"), "{error}");
        assert_eq!(script.requests().len(), 4);

        let mut nowhere = redirect(302, "/");
        nowhere.headers_mut().clear();
        let error = fetcher(&Script::new([nowhere])).get(START).await.unwrap_err();
        assert!(error.to_string().ends_with("redirected without a location"), "{error}");
    }

    #[tokio::test]
    async fn a_post_follows_no_redirect() {
        for status in [301, 302, 303, 307, 308] {
            let script = Script::new([redirect(status, "/token2"), ok("{}")]);
            let form = "application/x-www-form-urlencoded";
            let error = fetcher(&script)
                .post("https://as.example.com/token", HeaderMap::new(), form, "code=1")
                .await
                .unwrap_err();
            assert!(error.to_string().contains("not followed for a POST"), "{error}");
            assert_eq!(script.requests(), ["POST https://as.example.com/token"]);
        }
    }

    #[tokio::test]
    async fn the_stack_never_sees_a_forbidden_url() {
        let script = Script::new([]);
        for url in
            ["http://as.example.com/", "https://127.1/", "https://10.0.0.1/", "file:///etc/passwd"]
        {
            let error = fetcher(&script).get(url).await.unwrap_err();
            assert_eq!(error.kind(), FetchErrorKind::Forbidden);
        }
        assert!(script.requests().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_bounded_in_size_and_time() {
        let script = Script::new([ok(" ".repeat(256 << 10)), ok(" ".repeat((256 << 10) + 1))]);
        let fetcher = fetcher(&script);
        assert_eq!(fetcher.get(START).await.unwrap().body.len(), 256 << 10);
        let error = fetcher.get(START).await.unwrap_err();
        assert_eq!(error.kind(), FetchErrorKind::TooLarge);
        assert!(error.to_string().contains("answered with more than 262144 bytes"), "{error}");

        let started = tokio::time::Instant::now();
        let error = fetcher.get(START).await.unwrap_err();
        assert_eq!(error.kind(), FetchErrorKind::TimedOut);
        assert!(error.to_string().contains("did not answer within 10s"), "{error}");
        assert!(!error.to_string().contains("x=1"), "a query may hold secrets: {error}");
        assert_eq!(started.elapsed().as_secs(), 10);
    }
}
