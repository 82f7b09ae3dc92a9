//! The body of a request, bounded while it is read (THREAT-7, THREAT-9).

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use mcp_core::jsonrpc::{ErrorTable, too_long};

use super::body::RequestBody;
use super::counts::Admitted;
use crate::Limits;
use crate::http::response::body::Response;
use crate::http::response::status;

/// The buffer that is allocated for a body before it has arrived, whatever its stated length.
/// Fixed: a buffer size.
const ROOM: usize = 256 << 10;

/// Reads all of it. `errors` returns the table for the errors of the request.
///
/// # Errors
/// The response that says why not: 413, 408, 503, or 400 when the client broke off.
pub(in crate::http) async fn read(
    body: RequestBody,
    limits: &Limits,
    admitted: &mut Admitted,
    errors: impl Fn() -> &'static ErrorTable,
) -> Result<Bytes, Response> {
    let mut collecting = pin!(collect(body, limits, admitted, errors));
    // Most bodies are there already, and need no timer.
    if let Poll::Ready(read) = poll_fn(|cx| Poll::Ready(collecting.as_mut().poll(cx))).await {
        return read;
    }
    match tokio::time::timeout(limits.http.body_timeout, collecting).await {
        Ok(read) => read,
        Err(_) => Err(status::refused(
            StatusCode::REQUEST_TIMEOUT,
            None,
            "the body took too long to arrive",
        )),
    }
}

async fn collect(
    mut body: RequestBody,
    limits: &Limits,
    admitted: &mut Admitted,
    errors: impl Fn() -> &'static ErrorTable,
) -> Result<Bytes, Response> {
    let max_bytes = limits.connection.max_message_bytes;
    let too_large = || status::refusal(errors(), None, too_long(&limits.connection));
    let full = |full| status::full(errors(), full, None);
    let said = usize::try_from(body.min_length()).unwrap_or(usize::MAX);
    if said > max_bytes {
        return Err(too_large());
    }
    let mut whole = Bytes::new();
    let mut rest = BytesMut::new();
    loop {
        let next = poll_fn(|cx| match body.poll_chunk(cx) {
            Poll::Ready(chunk) => Poll::Ready(Ok(chunk)),
            Poll::Pending => admitted.poll_displaced(cx).map(Err),
        });
        let Some(chunk) = next.await.map_err(full)? else { break };
        let broken = |_| status::refused(StatusCode::BAD_REQUEST, None, "the body ended early");
        let data = chunk.map_err(broken)?;
        if whole.len() + rest.len() + data.len() > max_bytes {
            return Err(too_large());
        }
        admitted.reserve(data.len()).map_err(full)?;
        if whole.is_empty() && rest.is_empty() {
            whole = data; // Most bodies are one piece, which is not copied.
        } else {
            if rest.is_empty() {
                rest.reserve(said.min(ROOM).max(whole.len() + data.len()));
                rest.extend_from_slice(&std::mem::take(&mut whole));
            }
            rest.extend_from_slice(&data);
        }
    }
    Ok(if rest.is_empty() { whole } else { rest.freeze() })
}
