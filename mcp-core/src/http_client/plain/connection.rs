//! One connection: the half of hyper that takes requests, and the half that moves bytes.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use http::header::HOST;
use http::uri::Authority;
use http::{HeaderValue, Request, Response, Uri};
use hyper::body::{Body as _, Bytes, Frame, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::http_client::error::BoxError;
use crate::http_client::request_body::RequestBody;
use crate::repoll::Repoll;

/// A connection to a server, and the host it leads to.
pub(super) struct Connection {
    authority: Authority,
    host: HeaderValue,
    sender: SendRequest<RequestBody>,
    bytes: ByteMover,
    repoll: Repoll,
}

/// Why a request has no response.
pub(super) struct SendError {
    /// The request, if nothing of it was sent.
    pub(super) unsent: Option<Request<RequestBody>>,
    pub(super) error: hyper::Error,
}

/// The half that moves bytes; `None` after the connection has ended. Dropping it fails what still
/// waits for it.
struct ByteMover(Option<http1::Connection<TokioIo<TcpStream>, RequestBody>>);

impl ByteMover {
    fn poll(&mut self, cx: &mut Context<'_>) {
        // An error is reported to the request, or by the body, that it concerns.
        if let Some(bytes) = &mut self.0
            && Pin::new(bytes).poll(cx).is_ready()
        {
            self.0 = None;
        }
    }
}

impl Connection {
    /// Begins HTTP/1 on a stream.
    ///
    /// # Errors
    /// If the name of the host cannot be sent.
    pub(super) async fn new(
        stream: TokioIo<TcpStream>,
        authority: Authority,
    ) -> Result<Self, BoxError> {
        let host = host_of(&authority)?;
        let (sender, bytes) = http1::handshake(stream).await?;
        let bytes = ByteMover(Some(bytes));
        Ok(Self { authority, host, sender, bytes, repoll: Repoll::new() })
    }

    /// The host and port that it leads to.
    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Sends a request and returns the response once its head has arrived.
    ///
    /// Dropping the future closes the connection.
    ///
    /// # Errors
    /// The connection has failed.
    pub(super) async fn send(
        mut self: Box<Self>,
        mut request: Request<RequestBody>,
    ) -> Result<(Response<Incoming>, Box<Self>), SendError> {
        let target = std::mem::take(request.uri_mut());
        *request.uri_mut() = origin_form(&target);
        request.headers_mut().entry(HOST).or_insert_with(|| self.host.clone());
        let mut response = pin!(self.sender.try_send_request(request));
        let sent = poll_fn(|cx| {
            let Self { bytes, repoll, .. } = &mut *self;
            repoll.poll(cx, |cx| {
                bytes.poll(cx);
                response.as_mut().poll(cx)
            })
        });
        match sent.await {
            Ok(response) => Ok((response, self)),
            Err(mut error) => {
                let unsent = error.take_message().map(|mut request| {
                    *request.uri_mut() = target;
                    request
                });
                Err(SendError { unsent, error: error.into_error() })
            }
        }
    }

    /// The next piece of the body of the last response.
    pub(super) fn poll_body(
        &mut self,
        cx: &Context<'_>,
        body: &mut Incoming,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        let Self { bytes, repoll, .. } = self;
        repoll.poll(cx, |cx| {
            // Asking for a piece lets the connection read it.
            let piece = Pin::new(&mut *body).poll_frame(cx);
            if piece.is_ready() {
                return piece;
            }
            bytes.poll(cx);
            Pin::new(&mut *body).poll_frame(cx)
        })
    }

    /// Whether the next request can be sent, now that the last response is read, or dropped. What
    /// has arrived of a dropped one is read.
    pub(super) fn is_free(&mut self) -> bool {
        if !self.sender.is_ready() {
            let Self { bytes, repoll, .. } = self;
            let _: Poll<()> = repoll.poll(&Context::from_waker(Waker::noop()), |cx| {
                bytes.poll(cx);
                Poll::Pending
            });
        }
        self.repoll.forget_task(); // Its call is over.
        self.sender.is_ready()
    }
}

/// The header field `Host`.
fn host_of(authority: &Authority) -> Result<HeaderValue, http::Error> {
    let host = authority.host();
    Ok(match authority.port_u16() {
        Some(80) | None => HeaderValue::from_str(host)?,
        Some(port) => HeaderValue::try_from(format!("{host}:{port}"))?,
    })
}

/// The URL as a request line has it.
fn origin_form(target: &Uri) -> Uri {
    match target.path_and_query() {
        Some(path) if path.as_str() != "/" => path.clone().into(),
        _ => Uri::default(),
    }
}
