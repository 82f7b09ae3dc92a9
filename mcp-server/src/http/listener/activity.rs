//! The requests that a connection is busy with, each from when its head is read until the body of
//! its response is written.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Version};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

use super::stall::Waiting;
use crate::http::{HttpBody, HttpFuture, HttpService, PeerAddress};

/// Bytes that a stream of HTTP/2 is handed at a time, which are kept until the peer takes them.
/// Fixed: a buffer size.
const PIECE: usize = 64 << 10;

/// The number of requests of one connection that are not answered yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Activity(Arc<AtomicUsize>);

impl Activity {
    pub(super) fn is_busy(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    fn begin(&self) -> Busy {
        self.0.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
    }
}

/// One request that is not answered yet.
#[derive(Debug)]
struct Busy(Activity);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The service as one connection sees it.
#[derive(Debug)]
pub(super) struct Connected {
    pub(super) service: HttpService,
    pub(super) peer: Arc<PeerAddress>,
    pub(super) activity: Activity,
}

impl hyper::service::Service<Request<Incoming>> for Connected {
    type Response = http::Response<Answer>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let piece = if request.version() == Version::HTTP_2 { PIECE } else { usize::MAX };
        Answering {
            response: self.service.respond_to(request, Arc::clone(&self.peer)),
            busy: Some(self.activity.begin()),
            piece,
        }
    }
}

/// A response that is being prepared.
#[derive(Debug)]
pub(super) struct Answering {
    response: HttpFuture,
    busy: Option<Busy>,
    piece: usize,
}

impl Future for Answering {
    type Output = Result<http::Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        Pin::new(&mut this.response).poll(cx).map_ok(|response| {
            Waiting::Progress.note();
            response.map(|body| Answer {
                body,
                rest: Bytes::new(),
                piece: this.piece,
                _busy: this.busy.take(),
            })
        })
    }
}

/// A body that is being written.
#[derive(Debug)]
pub(super) struct Answer {
    body: HttpBody,
    /// What was taken from the body and not written yet.
    rest: Bytes,
    /// The most bytes that are written at a time.
    piece: usize,
    _busy: Option<Busy>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if this.rest.is_empty() {
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                other => {
                    Waiting::Handler.note();
                    return other;
                }
            }
        }
        Waiting::Progress.note();
        let piece = this.rest.split_to(this.piece.min(this.rest.len()));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        match self.rest.len() as u64 {
            0 => self.body.size_hint(),
            rest => {
                // The body has begun, so only whether something is left still matters.
                let mut hint = SizeHint::new();
                hint.set_lower(rest);
                hint
            }
        }
    }
}
