//! Resumes the stream of a call after it was interrupted (SH-7).

use mcp_core::http_client::HttpError;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::Reply;
use mcp_core::transport::TransportErrorKind;
use tokio::time::sleep;

use super::channel::SessionChannel;
use super::receiver::SessionReceiver;
use super::reconnect::Reconnect;
use super::session::Session;
use crate::http::read::{Cursor, ReplyReader, is_stream};
use crate::http::send::is_transient;

/// Reads the rest of the stream of a call.
///
/// # Errors
/// The server has no more of it, or cannot be reached.
pub(super) async fn resume(
    channel: &SessionChannel,
    receiver: &SessionReceiver,
    session: &Session,
    id: &RequestId,
    mut cursor: Cursor,
    mut cut: HttpError,
) -> Result<Reply, HttpError> {
    let reader = ReplyReader::new(channel.sender(), receiver);
    let mut reconnect = Reconnect::new(channel.sender().limits());
    let mut pause = reconnect.pause(&cursor);
    while let Some(wait) = pause {
        // Without an id it would be the stream of the session.
        let Some(last) = cursor.last.as_deref() else { break };
        sleep(wait).await;
        reconnect.begin(&cursor);
        let opened = channel.open_stream(session, Some(last)).await;
        let was_open = matches!(&opened, Ok(response) if is_stream(response));
        match opened {
            Ok(response) if was_open => {
                match reader.read_events(response.into_body(), Some(id), &mut cursor).await {
                    Ok(reply) => return Ok(reply),
                    Err(error) => cut = error,
                }
            }
            Ok(response) => {
                let status = response.status();
                cut = HttpError::lost(format!(
                    "the stream was interrupted, and the server does not resume it ({})",
                    status.as_u16()
                ));
                if !is_transient(status) {
                    return Err(cut);
                }
            }
            // The next attempt would fail in the same way.
            Err(error)
                if matches!(
                    error.kind(),
                    TransportErrorKind::Unauthorized | TransportErrorKind::Unsendable
                ) =>
            {
                return Err(HttpError::lost(error));
            }
            Err(error) => cut = HttpError::lost(error),
        }
        pause = reconnect.ended(&cursor, was_open);
    }
    Err(cut)
}
