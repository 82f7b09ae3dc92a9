//! The body of a request, whatever type its host has for it.
//!
//! Everything behind it is compiled once, in this crate, instead of once for each type of body in
//! the crate of the user.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http_body::{Body, Frame};
use hyper::body::Incoming;

/// The body of a request.
pub(in crate::http) enum RequestBody {
    /// From the accept loop, which needs no box.
    Incoming(Incoming),
    /// From another host.
    Foreign(Pin<Box<dyn Chunks + Send>>),
}

/// The body broke off.
pub(in crate::http) struct Broken;

/// The data of a body, without its trailers.
pub(in crate::http) trait Chunks {
    fn poll_chunk(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>>;

    /// The least length that is left, in bytes.
    fn min_length(&self) -> u64;

    /// Whether it is known that nothing is left.
    #[cfg(feature = "auth")]
    fn is_at_end(&self) -> bool;
}

impl<B: Body> Chunks for B {
    fn poll_chunk(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        loop {
            let frame = ready!(self.as_mut().poll_frame(cx));
            match frame.map(|frame| frame.map(Frame::into_data)) {
                None => return Poll::Ready(None),
                Some(Err(_)) => return Poll::Ready(Some(Err(Broken))),
                Some(Ok(Ok(mut data))) => {
                    let length = data.remaining();
                    return Poll::Ready(Some(Ok(data.copy_to_bytes(length))));
                }
                Some(Ok(Err(_trailers))) => {}
            }
        }
    }

    fn min_length(&self) -> u64 {
        self.size_hint().lower()
    }

    #[cfg(feature = "auth")]
    fn is_at_end(&self) -> bool {
        self.is_end_stream()
    }
}

impl RequestBody {
    /// The body of a request of any host.
    pub(in crate::http) fn foreign(body: impl Body<Data: Send> + Send + 'static) -> Self {
        Self::Foreign(Box::pin(body))
    }

    pub(super) fn poll_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Broken>>> {
        match self {
            Self::Incoming(body) => Pin::new(body).poll_chunk(cx),
            Self::Foreign(body) => body.as_mut().poll_chunk(cx),
        }
    }

    pub(super) fn min_length(&self) -> u64 {
        match self {
            Self::Incoming(body) => body.min_length(),
            Self::Foreign(body) => body.min_length(),
        }
    }

    #[cfg(feature = "auth")]
    pub(super) fn is_at_end(&self) -> bool {
        match self {
            Self::Incoming(body) => body.is_at_end(),
            Self::Foreign(body) => body.is_at_end(),
        }
    }
}
