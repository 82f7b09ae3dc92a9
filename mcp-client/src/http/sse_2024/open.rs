//! How a conversation over HTTP+SSE begins.

use std::sync::Arc;

use http::Method;
use mcp_core::http_client::url::{ShownUrl, resolve};
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::time::timeout;

use super::events::Events;
use super::posts::Posts;
use crate::http::read::is_stream;
use crate::http::send::{Attempts, OutgoingRequest, Sender};

/// Opens the stream, and learns where messages are posted to.
///
/// # Errors
/// The server has no such stream, or wants messages posted to another origin.
pub(crate) async fn open(sender: &Arc<Sender>) -> Result<(Events, Posts), TransportError> {
    let limits = sender.limits();
    let wait = limits.http.sse_endpoint_timeout;
    let request = OutgoingRequest::bare(Method::GET, sender.stream_headers());
    let mut attempts = Attempts::new(limits);
    let opened = sender.within(wait, sender.send_without_id(&request, &mut attempts)).await;
    let response = opened??;
    if !is_stream(&response) {
        if let Err(error) = sender.check_success(&response)
            && error.kind() == TransportErrorKind::Unauthorized
        {
            return Err(error);
        }
        let status = response.status().as_u16();
        let message = format!("the server has no stream of events ({status})");
        return Err(TransportError::refused(status, message));
    }
    let (end, ended) = tokio::sync::mpsc::channel(1);
    let max_bytes = limits.connection.max_message_bytes;
    let mut events = Events::new(response.into_body(), max_bytes, ended);
    let reference = timeout(wait, events.endpoint()).await.map_err(|_| {
        let message = format!(
            "the server's stream did not begin with an endpoint within {wait:?} \
             (`HttpLimits::sse_endpoint_timeout`)"
        );
        TransportError::new(TransportErrorKind::Protocol, message)
    })?;
    let reference =
        reference.map_err(|error| TransportError::io("reading the server's stream", error))?;
    let target = resolve(sender.endpoint().uri(), &reference)
        .filter(|target| sender.endpoint().is_same_origin(target));
    let Some(target) = target else {
        let shown = ShownUrl(&reference);
        let message = format!("the server wants messages posted to {shown}, which is refused");
        return Err(TransportError::new(TransportErrorKind::Protocol, message));
    };
    Ok((events, Posts::new(Arc::clone(sender), target, end)))
}
