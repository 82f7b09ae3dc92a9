//! Every HTTP request of authorization. The URLs came from a server, so each is hostile until it is checked.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};

use super::error::{Error, ErrorKind};
use crate::http::HttpStack;

/// Longest document that is read, in bytes.
const MOST_BYTES: usize = 256 << 10;

/// Sends the requests of authorization.
#[derive(Clone)]
pub(crate) struct Fetch {
    stack: Arc<dyn HttpStack>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Fetch {
    pub(crate) fn new(stack: Arc<dyn HttpStack>) -> Self {
        Self { stack }
    }

    /// Gets a document.
    pub(crate) async fn get(&self, url: &str) -> Result<Fetched, Error> {
        self.send(Method::GET, url, HeaderMap::new(), Bytes::new()).await
    }

    /// Posts a form or a document.
    pub(crate) async fn post(
        &self,
        url: &str,
        mut headers: HeaderMap,
        media_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Result<Fetched, Error> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        self.send(Method::POST, url, headers, body.into()).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Fetched, Error> {
        let uri: Uri = url.parse().map_err(|error| {
            Error::new(ErrorKind::ForbiddenUrl, "a URL that the server gave is no URL").because(error)
        })?;
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let unreachable =
            |error| Error::new(ErrorKind::Unreachable, format!("{url} could not be reached")).because(error);
        let answer = self.stack.send(request).await.map_err(|error| unreachable(error.into()))?;
        let (head, body) = answer.into_parts();
        let body = body.read(MOST_BYTES).await.map_err(unreachable)?;
        let too_long =
            || Error::new(ErrorKind::Unreachable, format!("{url} gave more than {MOST_BYTES} bytes"));
        Ok(Fetched { status: head.status, headers: head.headers, body: body.ok_or_else(too_long)? })
    }
}
