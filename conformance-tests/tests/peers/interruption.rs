//! An HTTP stack that disconnects one stream in the middle of an answer.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame};
use mcp_client::Revision;
use mcp_client::http::{
    BoxError, Bytes, HttpBody, HttpError, HttpStack, Network, Request, Response, async_trait,
};
use serde_json::json;

use crate::host::host;
use crate::listening::Listening;

/// Disconnects the first stream that answers `tools/call` after its first event.
#[derive(Clone)]
struct Interruption {
    network: Network,
    has_interrupted: Arc<AtomicBool>,
    /// Number of requests that resume a stream.
    resumed: Arc<AtomicUsize>,
}

#[async_trait]
impl HttpStack for Interruption {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<HttpBody>, HttpError> {
        let is_call = String::from_utf8_lossy(request.body()).contains("tools/call");
        if request.headers().contains_key("last-event-id") {
            self.resumed.fetch_add(1, Ordering::SeqCst);
        }
        let response = self.network.send(request).await?;
        if is_call && !self.has_interrupted.swap(true, Ordering::SeqCst) {
            return Ok(response.map(|body| HttpBody::new(FirstEvent { body, ended: false })));
        }
        Ok(response)
    }
}

/// A stream up to the end of its first event.
struct FirstEvent {
    body: HttpBody,
    ended: bool,
}

impl Body for FirstEvent {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.ended {
            return Poll::Ready(Some(Err("the test disconnected the stream".into())));
        }
        let chunk = ready!(self.body.poll_chunk(cx))?;
        Poll::Ready(chunk.map(|chunk| {
            // A blank line ends an event.
            let end = [&b"\n\n"[..], b"\r\n\r\n"].iter().find_map(|blank| {
                chunk
                    .windows(blank.len())
                    .position(|bytes| bytes == *blank)
                    .map(|at| at + blank.len())
            });
            self.ended = end.is_some();
            Ok(Frame::data(chunk.slice(..end.unwrap_or(chunk.len()))))
        }))
    }
}

/// Asserts that a call whose stream is disconnected is resumed: it is answered, and each progress
/// report arrives once.
pub(crate) async fn assert_resumed(
    server: &Listening,
    tool: &str,
    arguments: serde_json::Value,
    steps: &[f64],
) {
    let network = Interruption {
        network: Network::new(),
        has_interrupted: Arc::default(),
        resumed: Arc::default(),
    };
    let builder = host().revision(Revision::V2025_11_25).http_stack(network.clone());
    let client = builder.connect_http(server.url("/mcp")).await.expect("the server answers");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let call = client.call_tool(tool, &arguments).on_progress(move |progress| {
        sink.lock().expect("no panic").push(progress.progress);
    });
    call.await.expect("an answer on another stream").into_result().expect("no failure");
    assert_eq!(*seen.lock().expect("no panic"), steps);
    assert!(network.resumed.load(Ordering::SeqCst) > 0, "no stream was resumed");
    client.close().await;
}

/// As [`assert_resumed`], with the tool `progress` of the servers in [`crate::features`].
pub(crate) async fn assert_progress_resumed(server: &Listening) {
    assert_resumed(server, "progress", json!({ "steps": 3 }), &[1.0, 2.0, 3.0]).await;
}
