//! The body of a response: nothing, one message (in one piece or three), or a stream of events.

use std::convert::Infallible;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::watch::{BodyWatch, StreamBody};

/// A response of the service.
pub(crate) type Response = http::Response<HttpBody>;

/// The body of a response of [`HttpService`](crate::http::HttpService). Dropping it drops the
/// handler that writes it, if there is one.
#[derive(Default)]
pub struct HttpBody(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Whole(Bytes),
    /// None of them is empty, but those that are sent already.
    Pieces([Bytes; 3]),
    Stream(StreamBody),
}

impl HttpBody {
    /// Nothing.
    pub const fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// All of it at once.
    pub(crate) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self(if bytes.is_empty() { Kind::Empty } else { Kind::Whole(bytes) })
    }

    /// All of it at once, in pieces that leave in one write.
    pub(crate) fn pieces(pieces: [Bytes; 3]) -> Self {
        Self(Kind::Pieces(pieces))
    }

    /// Piece by piece, as they come.
    pub(crate) fn stream(
        body: impl Body<Data = Bytes, Error = Infallible> + Send + 'static,
    ) -> Self {
        Self(Kind::Stream(Box::pin(body)))
    }
}

impl HttpBody {
    /// The body, watched if it is a stream: dropped once its host does not poll it.
    pub(in crate::http) fn watched(self, watch: &BodyWatch) -> Self {
        match self.0 {
            Kind::Stream(body) => Self(Kind::Stream(Box::pin(watch.add(body)))),
            other => Self(other),
        }
    }
}

impl Body for HttpBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Whole(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Kind::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Kind::Pieces(pieces) => {
                let next = pieces.iter_mut().find(|piece| !piece.is_empty()).map(std::mem::take);
                Poll::Ready(next.map(|piece| Ok(Frame::data(piece))))
            }
            Kind::Stream(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Whole(_) => false,
            Kind::Pieces(pieces) => pieces.iter().all(Bytes::is_empty),
            Kind::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Pieces(pieces) => {
                SizeHint::with_exact(pieces.iter().map(|piece| piece.len() as u64).sum())
            }
            Kind::Stream(body) => body.size_hint(),
        }
    }
}

impl fmt::Debug for HttpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Empty => "HttpBody(empty)",
            Kind::Whole(_) | Kind::Pieces(_) => "HttpBody(whole)",
            Kind::Stream(_) => "HttpBody(stream)",
        })
    }
}
