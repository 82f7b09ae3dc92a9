//! What sends HTTP requests: the network, or a replacement of it.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;

use super::error::{BoxError, HttpError};
use super::plain::PlainBody;
use crate::service::BoxFuture;

/// Sends HTTP requests. [`Network`](super::Network) is the default; a proxy, a Unix socket, a
/// simulated network or a server in this process can replace it.
///
/// It follows no redirects: the caller decides about them. Dropping the future, or the body of the
/// response, ends the exchange, which a server of 2026-07-28 takes as a cancellation.
///
/// ```
/// use mcp_core::http_client::{HttpBody, HttpError, HttpStack, Network, async_trait};
///
/// /// Counts in the log what is sent.
/// struct Logged(Network);
///
/// #[async_trait]
/// impl HttpStack for Logged {
///     async fn send(
///         &self,
///         request: http::Request<bytes::Bytes>,
///     ) -> Result<http::Response<HttpBody>, HttpError> {
///         tracing::info!(method = %request.method(), "a request");
///         self.0.send(request).await
///     }
/// }
/// ```
#[async_trait]
pub trait HttpStack: Send + Sync + 'static {
    /// Sends a request and returns the response once its head has arrived.
    ///
    /// # Errors
    /// [`HttpError`], which says whether any of the request may have left.
    async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError>;
}

// The future of the other stack is passed on, without a box around its box.
impl<S: HttpStack + ?Sized> HttpStack for Arc<S> {
    fn send<'life0, 'async_trait>(
        &'life0 self,
        request: Request<Bytes>,
    ) -> BoxFuture<'async_trait, Result<Response<HttpBody>, HttpError>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        S::send(self, request)
    }
}

/// The body of a response, read piece by piece.
pub struct HttpBody(BodyKind);

enum BodyKind {
    /// A body of the network, without a box.
    Hyper(hyper::body::Incoming),
    /// Likewise, together with its connection.
    Plain(PlainBody),
    Boxed(Pin<Box<dyn Body<Data = Bytes, Error = BoxError> + Send>>),
}

impl HttpBody {
    /// A body of another stack.
    pub fn new<B>(body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        Self(BodyKind::Boxed(Box::pin(MapError(Box::pin(body)))))
    }

    pub(super) fn hyper(body: hyper::body::Incoming) -> Self {
        Self(BodyKind::Hyper(body))
    }

    pub(super) fn plain(body: PlainBody) -> Self {
        Self(BodyKind::Plain(body))
    }

    /// The next piece; `None` at the end. Cancel safe.
    ///
    /// # Errors
    /// When the connection fails before the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, BoxError> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// As [`HttpBody::chunk`], polled.
    ///
    /// # Errors
    /// When the connection fails before the end.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, BoxError>> {
        let frame = match &mut self.0 {
            BodyKind::Hyper(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(Into::into))),
            BodyKind::Plain(body) => {
                body.poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
            }
            BodyKind::Boxed(body) => body.as_mut().poll_frame(cx),
        };
        match frame {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(Ok(None)),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Err(error)),
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(data) if !data.is_empty() => Poll::Ready(Ok(Some(data))),
                // Trailers are not used. A body of empty pieces must not starve other tasks.
                _ => {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            },
        }
    }

    /// The whole body, if it has at most `limit` bytes; `None` if it is longer.
    ///
    /// # Errors
    /// When the connection fails before the end.
    pub async fn read(mut self, limit: usize) -> Result<Option<Bytes>, BoxError> {
        let Some(first) = self.chunk().await? else { return Ok(Some(Bytes::new())) };
        if first.len() > limit {
            return Ok(None);
        }
        // Most bodies come in one piece, which is not copied.
        let Some(second) = self.chunk().await? else { return Ok(Some(first)) };
        let mut all = Vec::with_capacity((first.len() + second.len()).min(limit));
        all.extend_from_slice(&first);
        let mut next = Some(second);
        while let Some(piece) = next {
            // A body that always has something to read must not starve other tasks.
            tokio::task::consume_budget().await;
            if all.len() + piece.len() > limit {
                return Ok(None);
            }
            all.extend_from_slice(&piece);
            next = self.chunk().await?;
        }
        Ok(Some(all.into()))
    }
}

impl fmt::Debug for HttpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpBody")
    }
}

/// A body whose error is a [`BoxError`].
struct MapError<B>(Pin<Box<B>>);

impl<B> Body for MapError<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        self.0.as_mut().poll_frame(cx).map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }
}
