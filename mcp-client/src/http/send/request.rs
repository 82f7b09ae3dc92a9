//! A request that can be sent more than once.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{RequestId, write_request};
use mcp_core::method::RetrySafety;

/// A request that can be sent more than once.
pub(crate) struct OutgoingRequest<'a> {
    pub(crate) method: Method,
    /// Where it is sent; the endpoint if there is no URL.
    pub(crate) target: Option<Uri>,
    /// Header fields that other requests have too.
    pub(crate) headers: Arc<HeaderMap>,
    /// Header fields of this one, in addition.
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    pub(crate) info: RequestInfo<'a>,
}

/// The message in a request.
#[derive(Clone, Copy)]
pub(crate) struct RequestInfo<'a> {
    /// The method of the message; `None` for a response, and for a request without a message.
    pub(crate) method: Option<&'a str>,
    /// The tool, prompt or resource that the message names.
    pub(crate) name: Option<&'a str>,
    pub(crate) retry: RetrySafety,
}

impl RequestInfo<'_> {
    /// No message of the client: a response, a stream that is opened, or the end of a session.
    pub(crate) const NONE: Self = Self { method: None, name: None, retry: RetrySafety::Safe };
}

impl<'a> OutgoingRequest<'a> {
    /// A message.
    pub(crate) fn post(
        headers: impl Into<Arc<HeaderMap>>,
        body: Bytes,
        info: RequestInfo<'a>,
    ) -> Self {
        let (headers, fields) = (headers.into(), Vec::new());
        Self { method: Method::POST, target: None, headers, fields, body, info }
    }

    /// A message that is a request of JSON-RPC.
    pub(crate) fn call(
        headers: impl Into<Arc<HeaderMap>>,
        id: &RequestId,
        params: &JsonBytes,
        info: RequestInfo<'a>,
    ) -> Self {
        let mut request = Self::post(headers, Bytes::new(), info);
        request.set_call(id, params);
        request
    }

    /// Replaces the body by a request of JSON-RPC with another id.
    pub(crate) fn set_call(&mut self, id: &RequestId, params: &JsonBytes) {
        let method = self.info.method.unwrap_or_default();
        let mut body = BytesMut::with_capacity(params.as_bytes().len() + method.len() + 96);
        write_request(&mut body, id, method, params.as_bytes());
        self.body = body.freeze();
    }

    /// A request without a message.
    pub(crate) fn bare(method: Method, headers: HeaderMap) -> Self {
        Self { method, ..Self::post(headers, Bytes::new(), RequestInfo::NONE) }
    }

    /// The same request with more header fields.
    pub(crate) fn with_fields(self, fields: Vec<(HeaderName, HeaderValue)>) -> Self {
        Self { fields, ..self }
    }

    /// The header fields.
    pub(super) fn head(&self) -> HeaderMap {
        let mut headers = HeaderMap::clone(&self.headers);
        for (name, value) in &self.fields {
            headers.insert(name, value.clone());
        }
        headers
    }

    /// The same request to another URL of the server.
    pub(crate) fn to(mut self, target: Uri) -> Self {
        self.target = Some(target);
        self
    }
}
