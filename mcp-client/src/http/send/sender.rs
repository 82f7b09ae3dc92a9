//! Sends requests: with credentials, along redirects, and again where that is safe.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::FutureExt as _;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION,
};
use http::{Request, Response, StatusCode, Uri};
use mcp_core::http::names;
use mcp_core::http_client::url::{ShownUrl, resolve};
use mcp_core::http_client::{HttpBody, HttpError, HttpStack, Network};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::write_notification;
use mcp_core::method::RetrySafety;
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::sync::watch;
use tokio::time::sleep;

use super::request::{OutgoingRequest, RequestInfo};
use super::retry::{Attempts, is_transient, lost, pause_after, pause_before_retry};
use super::status::{kept, refusal};
use crate::http::authorizer::{Authorizer, Refusal, Verdict};
use crate::http::client_side::ClientSide;
use crate::http::endpoint::Endpoint;
use crate::http::settings::HttpSettings;
use crate::limits::Limits;

/// Number of header fields that a request usually has at most. Fixed: with more, the map grows.
const USUAL_FIELDS: usize = 16;

/// Sends the requests of one client.
pub(crate) struct Sender {
    endpoint: Endpoint,
    stack: Arc<dyn HttpStack>,
    authorizer: Option<Arc<dyn Authorizer>>,
    /// Header fields of every POST.
    headers: Arc<HeaderMap>,
    limits: Limits,
    client: ClientSide,
    /// How often credentials were replaced after a refusal.
    authorizations: AtomicU64,
    /// Set when the client is closed.
    closed: watch::Sender<bool>,
}

/// Why a request has no response.
pub(crate) enum Failure {
    /// The connection failed when the request may have arrived: the caller decides whether to send
    /// it again.
    Lost(HttpError),
    /// Sending it again does not help.
    Final(TransportError),
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Self::Final(error)
    }
}

/// One request under way.
struct Delivery {
    target: Uri,
    redirects: u32,
    refusals: u32,
}

/// What a response leads to.
enum Next {
    SendAgain,
    Return(Response<HttpBody>),
}

impl Sender {
    pub(crate) fn new(
        endpoint: Endpoint,
        settings: &HttpSettings,
        limits: &Limits,
        client: ClientSide,
    ) -> Self {
        // With space for what each request adds, which would otherwise be made for each of them.
        let mut headers = HeaderMap::with_capacity(USUAL_FIELDS);
        headers.extend(settings.headers.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(names::JSON));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        let stack = settings.stack.clone();
        Self {
            endpoint,
            stack: stack.unwrap_or_else(|| Arc::new(Network::with_limits(&limits.http))),
            authorizer: settings.authorizer.clone(),
            headers: Arc::new(headers),
            limits: limits.clone(),
            client,
            authorizations: AtomicU64::new(0),
            closed: watch::Sender::new(false),
        }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn client(&self) -> &ClientSide {
        &self.client
    }

    pub(crate) fn has_authorizer(&self) -> bool {
        self.authorizer.is_some()
    }

    /// How often credentials were replaced after a refusal.
    pub(crate) fn authorizations(&self) -> u64 {
        self.authorizations.load(Ordering::Acquire)
    }

    /// Header fields of every POST.
    pub(crate) fn post_headers(&self) -> Arc<HeaderMap> {
        Arc::clone(&self.headers)
    }

    /// Header fields of a GET for a stream.
    pub(crate) fn stream_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::clone(&self.headers);
        headers.remove(CONTENT_TYPE);
        headers.insert(ACCEPT, HeaderValue::from_static(names::EVENT_STREAM));
        headers
    }

    /// From now on no user is asked for credentials, and waiting calls end.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    pub(crate) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Completes when the client is closed.
    pub(crate) async fn closed(&self) {
        let mut closed = self.closed.subscribe();
        // It cannot fail as long as the sender is borrowed.
        let _ = closed.wait_for(|closed| *closed).await;
    }

    /// Sends a request until it may have arrived, and returns the response that is neither a
    /// redirect nor a refusal that other credentials lift.
    pub(crate) async fn send(
        &self,
        request: &OutgoingRequest<'_>,
        attempts: &mut Attempts,
    ) -> Result<Response<HttpBody>, Failure> {
        let target = request.target.as_ref().unwrap_or_else(|| self.endpoint.uri()).clone();
        let mut delivery = Delivery { target, redirects: 0, refusals: 0 };
        loop {
            let (response, authorization) =
                self.send_once(request, &delivery.target, attempts).await?;
            let next = match response.status() {
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    let refused =
                        self.after_refusal(response, authorization, request, &mut delivery);
                    Box::pin(refused).await?
                }
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => {
                    self.after_redirect(&response, &mut delivery)?
                }
                status if is_transient(status) => {
                    Box::pin(self.after_transient(response, request.info.retry, attempts)).await
                }
                _ => Next::Return(response),
            };
            if let Next::Return(response) = next {
                return Ok(response);
            }
        }
    }

    /// Sends a message without an id, which may arrive twice in the same form.
    pub(crate) async fn send_without_id(
        &self,
        request: &OutgoingRequest<'_>,
        attempts: &mut Attempts,
    ) -> Result<Response<HttpBody>, TransportError> {
        loop {
            match self.send(request, attempts).await {
                Ok(response) => return Ok(response),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Lost(cut)) => pause_after(cut, request.info.retry, attempts).await?,
            }
        }
    }

    /// Sends a notification, within a time.
    pub(crate) async fn post_notification(
        &self,
        headers: Arc<HeaderMap>,
        fields: Vec<(HeaderName, HeaderValue)>,
        method: &str,
        params: &JsonBytes,
        wait: Duration,
    ) -> Result<(), TransportError> {
        let mut body = BytesMut::with_capacity(params.as_bytes().len() + 96);
        write_notification(&mut body, method, params.as_bytes());
        let info = RequestInfo { method: Some(method), name: None, retry: RetrySafety::Safe };
        let request = OutgoingRequest::post(headers, body.freeze(), info).with_fields(fields);
        let mut attempts = Attempts::new(&self.limits);
        let response = self.within(wait, self.send_without_id(&request, &mut attempts)).await??;
        self.check_success(&response)
    }

    /// The error for a response that is no success.
    pub(crate) fn check_success(
        &self,
        response: &Response<HttpBody>,
    ) -> Result<(), TransportError> {
        if response.status().is_success() {
            return Ok(());
        }
        Err(refusal(response.status(), response.headers(), b"", self.has_authorizer()))
    }

    /// Waits for something for so long. Time that the user takes, to log in or to answer, does not
    /// count.
    pub(crate) async fn within<F: Future>(
        &self,
        wait: Duration,
        work: F,
    ) -> Result<F::Output, TransportError> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.client.silence(wait) => {
                let message = format!("the server did not answer within {wait:?}");
                Err(TransportError::new(TransportErrorKind::Io, message))
            }
        }
    }

    /// Sends a request until it may have arrived. Also returns the credentials that it had.
    async fn send_once(
        &self,
        outgoing: &OutgoingRequest<'_>,
        target: &Uri,
        attempts: &mut Attempts,
    ) -> Result<(Response<HttpBody>, Option<HeaderValue>), Failure> {
        loop {
            let mut request = Request::new(outgoing.body.clone());
            *request.method_mut() = outgoing.method.clone();
            *request.uri_mut() = target.clone();
            *request.headers_mut() = outgoing.head();
            let mut authorization = None;
            if let Some(authorizer) = &self.authorizer {
                self.authorize(&**authorizer, &mut request).await?;
                authorization = request.headers().get(AUTHORIZATION).cloned();
            }
            match self.stack.send(request).await {
                Ok(response) => {
                    if let Some(authorizer) = &self.authorizer {
                        authorizer.answered(response.status(), response.headers());
                    }
                    return Ok((response, authorization));
                }
                Err(error) if error.may_have_left() => return Err(Failure::Lost(error)),
                Err(error) => match attempts.next() {
                    Some(pause) => sleep(pause).await,
                    None => return Err(lost(error, outgoing.info.retry).into()),
                },
            }
        }
    }

    /// After 401 and 403: asks the authorizer for other credentials.
    async fn after_refusal(
        &self,
        response: Response<HttpBody>,
        authorization: Option<HeaderValue>,
        request: &OutgoingRequest<'_>,
        delivery: &mut Delivery,
    ) -> Result<Next, TransportError> {
        let Some(authorizer) = &self.authorizer else { return Ok(Next::Return(response)) };
        // For the end of a session no user has to log in.
        if delivery.refusals >= self.limits.http.max_authorizations || self.is_closed() {
            return Ok(Next::Return(response));
        }
        let mut refusal = Refusal::new(response.status(), response.headers().clone());
        refusal.authorization = authorization;
        refusal.method = request.info.method.map(str::to_owned);
        refusal.name = request.info.name.map(str::to_owned);
        refusal.attempt = delivery.refusals;
        delivery.refusals += 1;
        let _waiting = self.client.begin_waiting_for_user();
        match authorizer.refused(&refusal).await {
            Ok(Verdict::Retry) => {
                self.authorizations.fetch_add(1, Ordering::AcqRel);
                Ok(Next::SendAgain)
            }
            Ok(Verdict::GiveUp) => Ok(Next::Return(response)),
            Err(error) => {
                let status = refusal.status.as_u16();
                let message = format!("the server answered {status}, and authorization failed");
                let kind = TransportErrorKind::Unauthorized;
                Err(TransportError::with_source(kind, message, error)
                    .with_refusal(kept(refusal.status, &refusal.headers)))
            }
        }
    }

    /// After 307 and 308: the request goes to another URL of the same origin, where its credentials
    /// belong.
    fn after_redirect(
        &self,
        response: &Response<HttpBody>,
        delivery: &mut Delivery,
    ) -> Result<Next, TransportError> {
        let refuse = |reason: String| {
            let message = format!("the server redirects {reason}");
            Err(TransportError::refused(response.status().as_u16(), message))
        };
        let max_redirects = self.limits.http.max_redirects;
        delivery.redirects += 1;
        if delivery.redirects > max_redirects {
            let limit = "`HttpLimits::max_redirects`";
            return refuse(format!("more than {max_redirects} times ({limit})"));
        }
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let Some(location) = location else { return refuse("without a `Location`".to_owned()) };
        let Some(target) = resolve(&delivery.target, location) else {
            return refuse(format!("to {:?}, which is not a URL", ShownUrl(location).to_string()));
        };
        if !self.endpoint.is_same_origin(&target) {
            let shown = ShownUrl(location);
            return refuse(format!("to another origin ({shown}), which is not followed"));
        }
        delivery.target = target;
        Ok(Next::SendAgain)
    }

    /// After a status that may pass: waits, if the request may be sent again.
    async fn after_transient(
        &self,
        response: Response<HttpBody>,
        retry: RetrySafety,
        attempts: &mut Attempts,
    ) -> Next {
        let (status, headers) = (response.status(), response.headers());
        let pause = pause_before_retry(status, headers, retry, &self.limits, attempts);
        let Some(pause) = pause else { return Next::Return(response) };
        drop(response);
        sleep(pause).await;
        Next::SendAgain
    }

    /// Puts credentials on a request. Where they have to be waited for, such as for a user who is
    /// logging in, the time does not count as silence of the server.
    async fn authorize(
        &self,
        authorizer: &dyn Authorizer,
        request: &mut Request<Bytes>,
    ) -> Result<(), TransportError> {
        let mut work = authorizer.authorize(request);
        let done = match (&mut work).now_or_never() {
            Some(done) => done,
            None => {
                let _waiting = self.client.begin_waiting_for_user();
                work.await
            }
        };
        done.map_err(|error| {
            let message = "there are no credentials for the server";
            TransportError::with_source(TransportErrorKind::Unauthorized, message, error)
        })
    }
}
