//! A call of the modern era: one POST with all that the server needs, mirrored into header fields.
//! Dropping it closes the stream, which cancels it (CAN-2).

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderValue;
use mcp_core::http::{encode_value, names};
use mcp_core::json::{JsonBytes, MembersError};
use mcp_core::jsonrpc::{Params, RequestId, code};
use mcp_core::meta::PROTOCOL_VERSION;
use mcp_core::method::notification::Cancelled;
use mcp_core::method::{
    self, Method as _, NotificationMethod as _, RetrySafety, ToolsCall, ToolsList,
};
use mcp_core::revision::Revision;
use mcp_core::service::{CallError, Reply, Request};
use mcp_core::transport::{TransportError, TransportErrorKind};

use super::mirror::{MirroredField, Mirrors};
use super::receiver::ModernReceiver;
use crate::http::read::ReplyReader;
use crate::http::send::{Attempts, OutgoingRequest, RequestInfo, Sender, pause_after, renumbered};

/// The calls of a client to a modern server.
pub(crate) struct ModernCalls {
    sender: Arc<Sender>,
    receiver: ModernReceiver,
    mirrors: Mirrors,
}

/// A request, and how often it was sent.
struct Numbered<'a> {
    id: RequestId,
    params: &'a JsonBytes,
    info: RequestInfo<'a>,
    sent: u32,
}

impl ModernCalls {
    pub(crate) fn new(sender: &Arc<Sender>) -> Self {
        let mirrors = Mirrors::new(sender.limits().http.max_mirrored_tools);
        let receiver = ModernReceiver(sender.client().clone());
        Self { sender: Arc::clone(sender), receiver, mirrors }
    }

    pub(crate) async fn call(&self, request: Request, revision: Option<Revision>) -> Reply {
        let row = request.row();
        let Request { id, method, params, .. } = request;
        let [meta, name, arguments, answers, state] =
            members(&params, row.and_then(|row| row.name_param))?;
        let version = version_of(meta.as_ref(), revision)?;
        let name = name.as_ref().and_then(|name| name.parse::<Cow<'_, str>>().ok());
        let has_answers = answers.is_some() || state.is_some();
        let info = RequestInfo {
            method: Some(&method),
            name: name.as_deref(),
            retry: RetrySafety::of(row, has_answers),
        };
        let tool = name.as_deref().filter(|_| method == ToolsCall::NAME);
        let mirrored = self.mirrors.fields(tool, arguments.as_ref())?;
        let fields = Self::fields(info, &version, mirrored)?;
        let mut attempts = Attempts::new(self.sender.limits());
        let mut numbered = Numbered { id, params: &params, info, sent: 0 };
        let reply = self.exchange(&mut numbered, fields, &mut attempts).await;
        match &reply {
            Err(CallError::Peer(error))
                if error.code() == code::HEADER_MISMATCH && tool.is_some() => {}
            Ok(_) if method == ToolsList::NAME => {
                return reply.map(|page| self.mirrors.learn(page));
            }
            _ => return reply,
        }
        // The tool has another schema than the one that is known, if any is: the list of tools says
        // what has to be mirrored (HDR-17).
        self.sender.client().tools_changed();
        if let Err(error) = Box::pin(self.read_tools_again(&numbered.id, meta, &version)).await {
            tracing::debug!(%error, "the tools could not be listed to mirror the arguments");
            return reply;
        }
        let mirrored = self.mirrors.fields(tool, arguments.as_ref())?;
        let fields = Self::fields(info, &version, mirrored)?;
        self.exchange(&mut numbered, fields, &mut attempts).await
    }

    pub(crate) async fn notify(
        &self,
        method: &str,
        params: &JsonBytes,
        revision: Revision,
    ) -> Result<(), TransportError> {
        if method == Cancelled::NAME {
            return Ok(()); // The closed stream has said so (CAN-2).
        }
        let info = RequestInfo { method: Some(method), name: None, retry: RetrySafety::Safe };
        let version = HeaderValue::from_static(revision.as_str());
        let fields = Self::fields(info, &version, Vec::new())?;
        let wait = self.sender.limits().http.shutdown_timeout;
        self.sender
            .post_notification(self.sender.post_headers(), fields, method, params, wait)
            .await
    }

    /// Learns from a page of tools that did not come from the server now, but from a cache
    /// (HDR-10).
    pub(crate) fn learn_tools(&self, page: JsonBytes) -> JsonBytes {
        self.mirrors.learn(page)
    }

    /// Sends a request until it is answered, or must not be sent again.
    async fn exchange(
        &self,
        numbered: &mut Numbered<'_>,
        fields: Vec<MirroredField>,
        attempts: &mut Attempts,
    ) -> Reply {
        let reader = ReplyReader::new(&self.sender, &self.receiver);
        let mut request =
            OutgoingRequest::post(self.sender.post_headers(), Bytes::new(), numbered.info)
                .with_fields(fields);
        loop {
            let id = renumbered(&numbered.id, numbered.sent);
            numbered.sent += 1;
            request.set_call(&id, numbered.params);
            match reader.send_and_read(&id, &request, attempts).await {
                Ok(reply) => return reply,
                // Streams cannot be resumed in this era (HTTP-8).
                Err(cut) => pause_after(cut, request.info.retry, attempts).await?,
            }
        }
    }

    /// The header fields that a message has beside those of every POST.
    fn fields(
        info: RequestInfo<'_>,
        version: &HeaderValue,
        mirrored: Vec<MirroredField>,
    ) -> Result<Vec<MirroredField>, TransportError> {
        let unsendable = |what: &str| {
            let message = format!("{what} cannot be sent in a header field");
            TransportError::new(TransportErrorKind::Unsendable, message)
        };
        let mut fields = Vec::with_capacity(3 + mirrored.len());
        fields.push((names::PROTOCOL_VERSION, version.clone()));
        if let Some(method) = info.method {
            let value = HeaderValue::try_from(method).map_err(|_| unsendable("the method"))?;
            fields.push((names::METHOD, value));
        }
        if let Some(name) = info.name {
            let value =
                HeaderValue::from_str(&encode_value(name)).map_err(|_| unsendable("the name"))?;
            fields.push((names::NAME, value));
        }
        fields.extend(mirrored);
        Ok(fields)
    }

    /// Lists the tools, with the `_meta` of a call, to learn which arguments are mirrored.
    async fn read_tools_again(
        &self,
        id: &RequestId,
        meta: Option<JsonBytes>,
        version: &HeaderValue,
    ) -> Result<(), CallError> {
        let meta = meta.unwrap_or_else(JsonBytes::empty_object);
        let info = RequestInfo {
            method: Some(ToolsList::NAME),
            name: None,
            retry: RetrySafety::of(method::find(ToolsList::NAME), false),
        };
        let mut cursor: Option<JsonBytes> = None;
        for page in 0..self.sender.limits().http.max_mirror_pages {
            let params = page_params(&meta, cursor.as_ref());
            let fields = Self::fields(info, version, Vec::new())?;
            let id = RequestId::from(format!("{id}-tools-{page}"));
            let mut numbered = Numbered { id, params: &params, info, sent: 0 };
            let mut attempts = Attempts::new(self.sender.limits());
            let result = self.exchange(&mut numbered, fields, &mut attempts).await?;
            let result = self.mirrors.learn(result);
            let [next] = result.members(["nextCursor"]).map_err(unreadable)?;
            match next.filter(|next| next.as_bytes() != b"null") {
                Some(next) if Some(&next) != cursor.as_ref() => cursor = Some(next),
                _ => return Ok(()),
            }
        }
        Ok(())
    }
}

/// The params of `tools/list` for a page.
fn page_params(meta: &JsonBytes, cursor: Option<&JsonBytes>) -> JsonBytes {
    let mut params = String::with_capacity(meta.as_str().len() + 64);
    params.push_str(r#"{"_meta":"#);
    params.push_str(meta.as_str());
    if let Some(cursor) = cursor {
        params.push_str(r#","cursor":"#);
        params.push_str(cursor.as_str());
    }
    params.push('}');
    JsonBytes::from_trusted(params)
}

/// The `_meta`, the named member, the arguments, the answers and the state of a call.
fn members(
    params: &Params,
    name: Option<&'static str>,
) -> Result<[Option<JsonBytes>; 5], CallError> {
    let Some(name) = name else {
        let [meta] = params.members(["_meta"]).map_err(unreadable)?;
        return Ok([meta, None, None, None, None]);
    };
    let names = ["_meta", name, "arguments", "inputResponses", "requestState"];
    params.members(names).map_err(unreadable)
}

fn unreadable(error: MembersError) -> CallError {
    let message = format!("the params cannot be mirrored: {error}");
    TransportError::new(TransportErrorKind::Unsendable, message).into()
}

/// The revision in the `_meta` of a request, with which the header field must agree: a client that
/// looks for a common one tries several. Without any it is that of the connection.
fn version_of(
    meta: Option<&JsonBytes>,
    negotiated: Option<Revision>,
) -> Result<HeaderValue, TransportError> {
    // The client itself writes that of the connection, and before everything else.
    if let (Some(meta), Some(revision)) = (meta, negotiated)
        && begins_with_version(meta.as_bytes(), revision)
    {
        return Ok(HeaderValue::from_static(revision.as_str()));
    }
    let find = || {
        let [version] = meta?.members([PROTOCOL_VERSION]).ok()?;
        HeaderValue::try_from(version?.parse::<String>().ok()?).ok()
    };
    let negotiated = negotiated.map(|revision| HeaderValue::from_static(revision.as_str()));
    find().or(negotiated).ok_or_else(|| {
        let message =
            format!("no revision is negotiated yet, and `_meta` has no {PROTOCOL_VERSION}");
        TransportError::new(TransportErrorKind::Unsendable, message)
    })
}

/// Whether the first member of a `_meta` is this revision. A second one of the same name makes no
/// difference: then that of the connection is used.
fn begins_with_version(meta: &[u8], revision: Revision) -> bool {
    let rest = meta
        .strip_prefix(b"{\"")
        .and_then(|rest| rest.strip_prefix(PROTOCOL_VERSION.as_bytes()))
        .and_then(|rest| rest.strip_prefix(b"\":\""))
        .and_then(|rest| rest.strip_prefix(revision.as_str().as_bytes()));
    rest.is_some_and(|rest| rest.starts_with(b"\""))
}
