//! Bodies that are not needed.

use std::future::poll_fn;
use std::time::Duration;

use tokio::task::consume_budget;
use tokio::time::timeout;

use super::body::RequestBody;

/// Most of a body that is read only to be discarded, in bytes. Fixed: a longer one costs more than
/// another connection.
const MAX_DISCARDED_BYTES: usize = 64 << 10;
/// Time that such a body has to arrive. Fixed: it follows the head at once, or the peer is slow.
const DISCARD_TIMEOUT: Duration = Duration::from_secs(1);

/// Reads the body of a request that is refused for its head, so that the connection can carry the
/// next request. hyper closes a connection whose body has not arrived when the response is
/// complete. A client that sends the body behind the head would find that out with its next request
/// only, which is the one with a token.
///
/// The body of a foreign host is not read: the host may have limits of its own for what it reads
/// for callers without a token.
///
/// Returns whether nothing of the body is left. Otherwise the response has to say that the
/// connection will be closed.
pub(in crate::http) async fn discard(body: RequestBody) -> bool {
    if body.is_at_end() {
        return true;
    }
    if matches!(body, RequestBody::Foreign(_)) {
        return false;
    }
    timeout(DISCARD_TIMEOUT, read_to_end(body)).await.unwrap_or(false)
}

async fn read_to_end(mut body: RequestBody) -> bool {
    let mut left = MAX_DISCARDED_BYTES;
    loop {
        if usize::try_from(body.min_length()).map_or(true, |length| length > left) {
            return false;
        }
        match poll_fn(|cx| body.poll_chunk(cx)).await {
            None => return true,
            Some(Err(_)) => return false,
            Some(Ok(chunk)) if chunk.len() > left => return false,
            Some(Ok(chunk)) => left -= chunk.len(),
        }
        // A peer may send faster than this is read.
        consume_budget().await;
    }
}
