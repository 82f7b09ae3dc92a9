//! One HTTP exchange: credentials, redirects, and trying again what did no harm.

use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use http::header::{AUTHORIZATION, LOCATION, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use mcp_core::jsonrpc::RequestId;
use mcp_core::method::RetrySafety;
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::time::sleep;

use super::authorizer::{Authorizer, Refusal, Verdict};
use super::stack::{HttpBody, HttpError};
use super::transport::Shared;
use super::url::resolve;
use crate::backoff::Backoff;

/// A request that can be sent more than once.
pub(super) struct Outgoing<'a> {
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) about: RequestInfo<'a>,
}

/// What a request is about.
#[derive(Clone, Copy)]
pub(super) struct RequestInfo<'a> {
    /// The method of the message; none for a stream that is to be opened, or the end of a session.
    pub(super) method: Option<&'a str>,
    /// What the message names.
    pub(super) name: Option<&'a str>,
    pub(super) retry: RetrySafety,
}

impl RequestInfo<'_> {
    /// A request of HTTP alone.
    pub(super) const STREAM: Self = Self { method: None, name: None, retry: RetrySafety::Safe };
}

/// Whether a message may be sent again when it is not known what became of it. A method that is not known may do
/// anything, and a round that redeems answers may be good for one use.
pub(super) fn retry_safety(method: &str, has_answers: bool) -> RetrySafety {
    match mcp_core::method::find(method) {
        Some(row) if !has_answers || row.retry == RetrySafety::RestartedByCaller => row.retry,
        _ => RetrySafety::Unsafe,
    }
}

/// How often and when one message is sent again.
pub(super) struct Attempts(Backoff);

impl Attempts {
    pub(super) fn new(shared: &Shared) -> Self {
        let more = shared.limits.http.max_attempts.saturating_sub(1);
        Self(Backoff::times(more, &shared.limits))
    }

    /// One attempt: whoever asked tries again by itself.
    pub(super) fn none(shared: &Shared) -> Self {
        Self(Backoff::times(0, &shared.limits))
    }

    /// How long to wait before the next attempt; nothing when there is none.
    pub(super) fn next(&mut self) -> Option<Duration> {
        self.0.pause()
    }
}

/// Why a request has no answer.
pub(super) enum Failure {
    /// The connection failed when the request may have arrived: whoever asked decides whether to ask again.
    Lost(HttpError),
    /// Sending it again does not help.
    Final(TransportError),
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Final(error)
    }
}

impl Shared {
    /// Sends a request until it may have arrived, and gives the answer that is no redirect, and no refusal that
    /// other credentials would mend.
    pub(super) async fn send(
        &self,
        outgoing: &Outgoing<'_>,
        attempts: &mut Attempts,
    ) -> Result<Response<HttpBody>, Failure> {
        self.send_to(None, outgoing, attempts).await
    }

    /// Sends a message that has no id, and thus may arrive retry under the same one.
    pub(super) async fn send_unnumbered(
        &self,
        elsewhere: Option<Uri>,
        outgoing: &Outgoing<'_>,
        attempts: &mut Attempts,
    ) -> Result<Response<HttpBody>, TransportError> {
        loop {
            match self.send_to(elsewhere.clone(), outgoing, attempts).await {
                Ok(response) => return Ok(response),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Lost(cut)) => pause_after(cut, outgoing.about.retry, attempts).await?,
            }
        }
    }

    /// As [`Shared::send`], to another URL of the server.
    async fn send_to(
        &self,
        mut elsewhere: Option<Uri>,
        outgoing: &Outgoing<'_>,
        attempts: &mut Attempts,
    ) -> Result<Response<HttpBody>, Failure> {
        let limits = &self.limits.http;
        let (mut redirects, mut refusals) = (0, 0);
        loop {
            let mut request = Request::new(outgoing.body.clone());
            *request.method_mut() = outgoing.method.clone();
            *request.uri_mut() = elsewhere.as_ref().unwrap_or_else(|| self.endpoint.uri()).clone();
            *request.headers_mut() = outgoing.headers.clone();
            let mut authorization = None;
            if let Some(authorizer) = &self.authorizer {
                self.authorize(&**authorizer, &mut request).await?;
                authorization = request.headers().get(AUTHORIZATION).cloned();
            }
            let response = match self.stack.send(request).await {
                Ok(response) => response,
                Err(error) if error.may_have_left() => return Err(Failure::Lost(error)),
                Err(error) => {
                    let Some(pause) = attempts.next() else {
                        return Err(lost(error, outgoing.about.retry).into());
                    };
                    sleep(pause).await;
                    continue;
                }
            };
            let status = response.status();
            if let Some(authorizer) = &self.authorizer {
                authorizer.answered(status, response.headers());
            }
            match status {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    let Some(authorizer) = &self.authorizer else { return Ok(response) };
                    // A client that is done asks nobody to log in, only to say good-bye.
                    if refusals >= limits.max_authorizations || *self.closed.borrow() {
                        return Ok(response);
                    }
                    let mut refusal = Refusal::new(status, response.headers().clone());
                    refusal.authorization = authorization;
                    refusal.method = outgoing.about.method.map(str::to_owned);
                    refusal.name = outgoing.about.name.map(str::to_owned);
                    refusal.attempt = refusals;
                    refusals += 1;
                    drop(response);
                    if !self.reauthorize(&**authorizer, &refusal).await? {
                        return Err(unauthorized(&refusal).into());
                    }
                }
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => {
                    redirects += 1;
                    if redirects > limits.max_redirects {
                        let message = format!(
                            "the server redirected more than {} times",
                            limits.max_redirects
                        );
                        return Err(TransportError::refused(status.as_u16(), message).into());
                    }
                    let from = elsewhere.as_ref().unwrap_or_else(|| self.endpoint.uri());
                    elsewhere = Some(self.redirect(from, &response)?);
                }
                status if is_transient(status) => {
                    let asked = retry_after(response.headers());
                    // With a time to come back, the server itself says that it did nothing.
                    let is_refused = asked.is_some()
                        && matches!(
                            status,
                            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS
                        );
                    let wait = asked.unwrap_or_default();
                    if !(is_refused || outgoing.about.retry == RetrySafety::Safe)
                        || wait > limits.max_retry_delay
                    {
                        return Ok(response);
                    }
                    let Some(pause) = attempts.next() else { return Ok(response) };
                    drop(response);
                    sleep(wait + pause).await;
                }
                _ => return Ok(response),
            }
        }
    }

    /// Puts credentials on a request. Where they have to be waited for, such as for a user who is logging in, the time
    /// does not count as silence of the server.
    async fn authorize(
        &self,
        authorizer: &dyn Authorizer,
        request: &mut Request<Bytes>,
    ) -> Result<(), TransportError> {
        let mut work = authorizer.authorize(request);
        let done = match (&mut work).now_or_never() {
            Some(done) => done,
            None => {
                let _busy = self.inbound.handling.begin();
                work.await
            }
        };
        done.map_err(|error| {
            let message = "there are no credentials for the server";
            TransportError::with_source(TransportErrorKind::Unauthorized, message, error)
        })
    }

    /// Gets other credentials; false when the refusal stands. The user may be asked, so that the time does not
    /// count as silence of the server.
    async fn reauthorize(
        &self,
        authorizer: &dyn Authorizer,
        refusal: &Refusal,
    ) -> Result<bool, TransportError> {
        let _busy = self.inbound.handling.begin();
        match authorizer.refused(refusal).await {
            Ok(verdict) => Ok(verdict == Verdict::Retry),
            Err(error) => {
                let message = format!(
                    "the server answered {}, and authorization failed",
                    refusal.status.as_u16()
                );
                Err(TransportError::with_source(TransportErrorKind::Unauthorized, message, error))
            }
        }
    }

    /// Where a redirect leads, if it stays where the credentials belong.
    fn redirect(&self, from: &Uri, response: &Response<HttpBody>) -> Result<Uri, TransportError> {
        let status = response.status().as_u16();
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let refuse = |reason: &str| {
            Err(TransportError::refused(status, format!("the server redirects {reason}")))
        };
        let Some(location) = location else { return refuse("and does not say where to") };
        let Some(uri) = resolve(from, location) else {
            return refuse("to something that is no URL");
        };
        if !self.endpoint.is_same_origin(&uri) {
            return refuse(&format!(
                "to another origin ({}), which is not followed",
                shown(location)
            ));
        }
        Ok(uri)
    }
}

/// Waits before a request that may have arrived is sent again.
///
/// # Errors
/// It must not be, or was sent often enough: it is lost.
pub(super) async fn pause_after(
    cut: HttpError,
    retry: RetrySafety,
    attempts: &mut Attempts,
) -> Result<(), TransportError> {
    if retry == RetrySafety::Safe
        && let Some(pause) = attempts.next()
    {
        sleep(pause).await;
        return Ok(());
    }
    Err(lost(cut, retry))
}

/// The id of a request that is made anew: one that was sent must not be used again (HTTP-8).
pub(super) fn renumbered(id: &RequestId, attempt: u32) -> RequestId {
    match attempt {
        0 => id.clone(),
        _ => RequestId::from(format!("{id}-{attempt}")),
    }
}

/// Whether a status says that the server, or what stands before it, has a bad time.
pub(super) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 502 | 503 | 504)
}

/// The start of a text from a peer, without control characters.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn unauthorized(refusal: &Refusal) -> TransportError {
    let message = match refusal.status {
        StatusCode::FORBIDDEN => "the server forbids it (403)",
        _ => "the server wants other credentials (401)",
    };
    TransportError::new(TransportErrorKind::Unauthorized, message)
}

/// A request that was not answered.
pub(super) fn lost(error: HttpError, retry: RetrySafety) -> TransportError {
    let kind = match (error.may_have_left(), retry) {
        (true, RetrySafety::Unsafe) => TransportErrorKind::OutcomeUnknown,
        _ => TransportErrorKind::Io,
    };
    TransportError::with_source(kind, error.to_string(), error.into_source())
}
