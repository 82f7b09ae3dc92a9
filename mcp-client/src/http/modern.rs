//! A call of the modern era: one POST with all that the server needs, mirrored into header fields. Dropping it closes
//! the stream, which cancels it (CAN-2). Spec: basic/transports/streamable-http (HTTP-1 … HTTP-11, HDR-1 … HDR-17).

use std::borrow::Cow;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, HeaderValue};
use http::{HeaderName, Method};
use mcp_core::http::{encode_value, names};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{RequestId, code, write_request};
use mcp_core::service::{CallError, Reply, Request};
use mcp_core::transport::{TransportError, TransportErrorKind};

use super::exchange::{About, Attempts, Outgoing, Twice, pause_after, renumbered};
use super::transport::Shared;
use crate::cache::Change;

/// Most pages of the tools that are read again to find the header fields of one call.
const MOST_PAGES: usize = 100;

/// A request, and how often it was sent.
struct Asked<'a> {
    id: RequestId,
    method: &'a str,
    params: &'a JsonBytes,
    sent: u32,
}

/// A header field that mirrors an argument.
pub(super) type Mirrored = (HeaderName, HeaderValue);

impl Shared {
    pub(super) async fn call_modern(
        self: &Arc<Self>,
        request: Request,
        version: HeaderValue,
    ) -> Reply {
        let Request { id, method, params, .. } = request;
        let member = names::mirrored_member(&method);
        let [name, arguments, answers, state] = members(&params, member)?;
        let name = name.as_ref().and_then(|name| name.parse::<Cow<'_, str>>().ok());
        let has_answers = answers.is_some() || state.is_some();
        let about = About {
            method: Some(&method),
            name: name.as_deref(),
            twice: Twice::of(&method, has_answers),
        };
        let tool = name.as_deref().filter(|_| method == "tools/call");
        let fields = self.mirrors.fields(tool, arguments.as_ref())?;
        let headers = self.modern_headers(&method, &version, about.name, fields)?;
        let mut asked = Asked { id, method: &method, params: &params, sent: 0 };
        let mut attempts = Attempts::new(self);
        let reply = self.exchange(&mut asked, headers, about, &mut attempts).await;
        match &reply {
            Err(CallError::Peer(error))
                if error.code() == code::HEADER_MISMATCH && tool.is_some() => {}
            Ok(_) if method == "tools/list" => {
                return reply.map(|result| {
                    self.mirrors.learn(result, self.limits.http_client.mirrored_tools)
                });
            }
            _ => return reply,
        }
        // The schema is another than we know, if we know any: what has to be mirrored is in the list (HDR-17).
        self.inbound.cache.invalidate(Change::Tools);
        if let Err(error) = self.read_tools_again(&asked.id, &params, &version).await {
            tracing::debug!(%error, "the tools could not be listed to mirror the arguments");
            return reply;
        }
        let fields = self.mirrors.fields(tool, arguments.as_ref())?;
        let headers = self.modern_headers(&method, &version, about.name, fields)?;
        self.exchange(&mut asked, headers, about, &mut attempts).await
    }

    /// Sends a request until it is answered, or cannot be sent again.
    async fn exchange(
        self: &Arc<Self>,
        asked: &mut Asked<'_>,
        headers: HeaderMap,
        about: About<'_>,
        attempts: &mut Attempts,
    ) -> Reply {
        let mut outgoing = Outgoing { method: Method::POST, headers, body: Bytes::new(), about };
        loop {
            let id = renumbered(&asked.id, asked.sent);
            asked.sent += 1;
            outgoing.body = frame(&id, asked.method, asked.params);
            match self.attempt(&id, &outgoing, attempts).await {
                Ok(reply) => return reply,
                // Nothing can be resumed in this era (HTTP-8): the request is made anew, or is lost.
                Err(cut) => pause_after(cut, about.twice, attempts).await?,
            }
        }
    }

    fn modern_headers(
        &self,
        method: &str,
        version: &HeaderValue,
        name: Option<&str>,
        fields: Vec<Mirrored>,
    ) -> Result<HeaderMap, TransportError> {
        let mut headers = self.headers.clone();
        headers.insert(names::PROTOCOL_VERSION, version.clone());
        let unsendable = |what: &str| {
            let message = format!("{what} cannot stand in a header field");
            TransportError::new(TransportErrorKind::Unsendable, message)
        };
        headers.insert(
            names::METHOD,
            HeaderValue::try_from(method).map_err(|_| unsendable("the method"))?,
        );
        if let Some(name) = name {
            let value =
                HeaderValue::from_str(&encode_value(name)).map_err(|_| unsendable("the name"))?;
            headers.insert(names::NAME, value);
        }
        headers.extend(fields);
        Ok(headers)
    }

    /// Lists the tools, with the `_meta` of a call, to learn which arguments are mirrored.
    async fn read_tools_again(
        self: &Arc<Self>,
        id: &RequestId,
        params: &JsonBytes,
        version: &HeaderValue,
    ) -> Result<(), CallError> {
        const METHOD: &str = "tools/list";
        let [meta] = params.members(["_meta"]).map_err(unreadable)?;
        let meta = meta.unwrap_or_else(JsonBytes::empty_object);
        let mut cursor: Option<JsonBytes> = None;
        for page in 0..MOST_PAGES {
            let mut params = Vec::with_capacity(meta.as_bytes().len() + 64);
            params.extend_from_slice(br#"{"_meta":"#);
            params.extend_from_slice(meta.as_bytes());
            if let Some(cursor) = &cursor {
                params.extend_from_slice(br#","cursor":"#);
                params.extend_from_slice(cursor.as_bytes());
            }
            params.push(b'}');
            let about = About { method: Some(METHOD), name: None, twice: Twice::Harmless };
            let headers = self.modern_headers(METHOD, version, None, Vec::new())?;
            let params = JsonBytes::from_trusted(params);
            let id = RequestId::from(format!("{id}-tools-{page}"));
            let mut asked = Asked { id, method: METHOD, params: &params, sent: 0 };
            let result =
                self.exchange(&mut asked, headers, about, &mut Attempts::new(self)).await?;
            let result = self.mirrors.learn(result, self.limits.http_client.mirrored_tools);
            let [next] = result.members(["nextCursor"]).map_err(unreadable)?;
            match next.filter(|next| next.as_bytes() != b"null") {
                Some(next) if Some(&next) != cursor.as_ref() => cursor = Some(next),
                _ => return Ok(()),
            }
        }
        Ok(())
    }
}

/// What a call is about: the named member, the arguments, the answers and the state of a round.
fn members(
    params: &JsonBytes,
    name: Option<&'static str>,
) -> Result<[Option<JsonBytes>; 4], CallError> {
    let Some(name) = name else { return Ok([None, None, None, None]) };
    params.members([name, "arguments", "inputResponses", "requestState"]).map_err(unreadable)
}

fn unreadable(error: mcp_core::json::MembersError) -> CallError {
    let message = format!("the params cannot be mirrored: {error}");
    TransportError::new(TransportErrorKind::Unsendable, message).into()
}

pub(super) fn frame(id: &RequestId, method: &str, params: &JsonBytes) -> Bytes {
    let mut body = BytesMut::with_capacity(params.as_bytes().len() + method.len() + 96);
    write_request(&mut body, id, method, params.as_bytes());
    body.freeze()
}
