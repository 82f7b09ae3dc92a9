//! The handshake that begins a session.

use http::header::HeaderValue;
use mcp_core::http::names;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::RequestId;
use mcp_core::method::{Initialize, Method as _, RetrySafety};
use mcp_core::service::Reply;
use mcp_core::transport::{TransportError, TransportErrorKind};
use serde::Deserialize;

use super::channel::SessionChannel;
use super::receiver::SessionReceiver;
use crate::http::read::{Cursor, ReplyReader};
use crate::http::send::{Attempts, Failure, OutgoingRequest, RequestInfo, pause_after, renumbered};

/// Sends `initialize`, and uses the session that comes of it.
pub(super) async fn shake_hands(
    channel: &SessionChannel,
    receiver: &SessionReceiver,
    id: &RequestId,
    offer: JsonBytes,
) -> Reply {
    let sender = channel.sender();
    let reader = ReplyReader::new(sender, receiver);
    let mut attempts = Attempts::new(sender.limits());
    let info = RequestInfo { method: Some(Initialize::NAME), name: None, retry: RetrySafety::Safe };
    let mut sent = 0;
    loop {
        let id = renumbered(id, sent);
        sent += 1;
        let request = OutgoingRequest::call(sender.post_headers(), &id, &offer, info);
        let cut = match sender.send(&request, &mut attempts).await {
            Ok(response) => {
                let session = response.headers().get(names::SESSION_ID).cloned();
                match reader.read(response, &id, info, &mut Cursor::default()).await {
                    Ok(Ok(result)) => {
                        agree(channel, session, offer, &result)?;
                        return Ok(result);
                    }
                    Ok(error) => return error,
                    Err(cut) => cut,
                }
            }
            Err(Failure::Lost(cut)) => cut,
            Err(Failure::Final(error)) => return Err(error.into()),
        };
        pause_after(cut, info.retry, &mut attempts).await?;
    }
}

fn agree(
    channel: &SessionChannel,
    id: Option<HeaderValue>,
    offer: JsonBytes,
    result: &JsonBytes,
) -> Result<(), TransportError> {
    #[derive(Deserialize)]
    struct Agreed {
        #[serde(rename = "protocolVersion")]
        version: String,
    }
    let is_valid =
        |id: &HeaderValue| !id.is_empty() && id.as_bytes().iter().all(u8::is_ascii_graphic);
    if !id.as_ref().is_none_or(is_valid) {
        let message = "the server's session id has other characters than visible ASCII";
        return Err(TransportError::new(TransportErrorKind::Protocol, message));
    }
    // The caller reports a result that cannot be read.
    let version = result.parse::<Agreed>().ok().and_then(|agreed| agreed.version.try_into().ok());
    channel.begin_session(id, version, offer);
    Ok(())
}
