//! A harness of an engine and a peer: the peer sends and receives raw lines, and the local service
//! does what a test requests by method name.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use mcp_core::ConnectionLimits;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::service::{Conversation, Notification, Peer, Reply, Request, Service};
use mcp_core::transport::TransportError;
use mcp_core::transport::stream::{self, Remote};
use mcp_test_support::{LinePeer, message};
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

/// Waits until every other task waits. This needs paused time, which advances only then.
pub(crate) async fn until_idle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// Creates a request with the parameters `{"n":nonce}`.
pub(crate) fn request(id: impl Into<RequestId>, method: &'static str, nonce: u64) -> Request {
    Request::new(id.into(), method, JsonBytes::new(&json!({ "n": nonce })).unwrap())
}

/// Returns the nonce of a reply.
pub(crate) fn nonce(reply: &Reply) -> Option<u64> {
    reply.as_ref().ok()?.parse::<Value>().ok()?["n"].as_u64()
}

/// The local service.
///
/// Requests:
/// - `echo` returns its parameters immediately, `later` after yielding to the scheduler.
/// - `hold` returns its parameters after [`Local::release`] was called with its nonce.
/// - `ask` calls `echo` of its caller and returns the answer.
/// - `emit` sends the notification `event` and returns its parameters.
/// - `size` returns a result of about `n` bytes.
/// - `panic` and `panic-later` panic.
///
/// Notifications are logged; `slow` waits for its nonce to be released first.
#[derive(Default)]
pub(crate) struct Local {
    gates: Mutex<HashMap<u64, Arc<Semaphore>>>,
    log: Mutex<Vec<String>>,
    pub(crate) batches: bool,
}

impl Local {
    pub(crate) fn with_batches() -> Self {
        Self { batches: true, ..Self::default() }
    }

    fn gate(&self, nonce: u64) -> Arc<Semaphore> {
        Arc::clone(
            self.gates.lock().unwrap().entry(nonce).or_insert_with(|| Arc::new(Semaphore::new(0))),
        )
    }

    pub(crate) fn release(&self, nonce: u64) {
        self.gate(nonce).add_permits(1);
    }

    fn record(&self, entry: impl Into<String>) {
        self.log.lock().unwrap().push(entry.into());
    }

    /// Returns and clears the log. Entries are `start n`, `end n` and `drop n` for held calls, and
    /// `method n` for notifications.
    pub(crate) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

/// Records the end of a held call: whether it finished or was dropped before.
struct HeldCall<'a> {
    local: &'a Local,
    nonce: u64,
    finished: bool,
}

impl Drop for HeldCall<'_> {
    fn drop(&mut self) {
        self.local.record(format!("{} {}", if self.finished { "end" } else { "drop" }, self.nonce));
    }
}

impl Service for Local {
    async fn call(&self, request: Request) -> Reply {
        let params: Value = request.params.parse().unwrap();
        let nonce = params["n"].as_u64().unwrap_or_default();
        match &*request.method {
            "echo" => Ok(request.params.into()),
            "later" => {
                tokio::task::yield_now().await;
                Ok(request.params.into())
            }
            "hold" => {
                self.record(format!("start {nonce}"));
                let mut held = HeldCall { local: self, nonce, finished: false };
                self.gate(nonce).acquire().await.unwrap().forget();
                held.finished = true;
                Ok(request.params.into())
            }
            "ask" => {
                let question = Request::new(request.id, "echo", request.params);
                request.peer.call(question).await
            }
            "emit" => {
                request.peer.notify(Notification::new("event", request.params.clone())).await;
                Ok(request.params.into())
            }
            "size" => {
                let text = "x".repeat(nonce as usize);
                Ok(JsonBytes::new(&json!({ "text": text })).unwrap())
            }
            "panic" => panic!("asked to"),
            "panic-later" => {
                tokio::task::yield_now().await;
                panic!("asked to");
            }
            other => Err(ErrorObject::method_not_found(other).into()),
        }
    }

    async fn notify(&self, notification: Notification) {
        let params: Value = notification.params.parse().unwrap();
        let nonce = params["n"].as_u64().unwrap_or_default();
        if notification.method == "slow" {
            self.gate(nonce).acquire().await.unwrap().forget();
        }
        self.record(format!("{} {nonce}", notification.method));
    }
}

impl Conversation for Local {
    fn accepts_batches(&self) -> bool {
        self.batches
    }
}

/// An engine on one end of an in-memory pipe, and the raw peer on the other.
pub(crate) struct Harness {
    pub(crate) remote: Remote,
    pub(crate) local: Arc<Local>,
    pub(crate) wire: LinePeer,
    pub(crate) driver: JoinHandle<Result<(), TransportError>>,
    stop: mpsc::UnboundedSender<()>,
}

impl Harness {
    pub(crate) fn new(limits: &ConnectionLimits) -> Self {
        Self::with(limits, Local::default(), 1 << 20)
    }

    pub(crate) fn with(limits: &ConnectionLimits, local: Local, pipe_bytes: usize) -> Self {
        let (near, far) = tokio::io::duplex(pipe_bytes);
        let (reader, writer) = tokio::io::split(near);
        let local = Arc::new(local);
        let (remote, driver) = stream::connect(reader, writer, limits, |_| Arc::clone(&local));
        let (stop, mut stops) = mpsc::unbounded_channel();
        let stops = futures::stream::poll_fn(move |cx| stops.poll_recv(cx));
        let driver = tokio::spawn(driver.run(stops));
        Self { remote, local, wire: LinePeer::new(far), driver, stop }
    }

    /// Requests a stop.
    pub(crate) fn stop(&self) {
        self.stop.send(()).unwrap();
    }

    /// Starts a call from this side.
    pub(crate) fn call(&self, request: Request) -> JoinHandle<Reply> {
        let remote = self.remote.clone();
        tokio::spawn(async move { remote.call(request).await })
    }

    pub(crate) fn peer(&self) -> Peer {
        Peer::new(self.remote.clone())
    }

    /// Asserts that the conversation leaves nothing behind: no pending or running requests, no
    /// output, and no reference to the service.
    pub(crate) async fn assert_nothing_left(self) {
        let Self { remote, local, driver, wire, stop } = self;
        drop((wire, stop));
        let _ = driver.await;
        until_idle().await;
        assert_eq!(remote.stats(), stream::Stats::default());
        assert_eq!(Arc::strong_count(&local), 1, "a task outlived the conversation");
    }
}

/// The messages of the peer. Their parameters and results are a nonce.
pub(crate) trait NonceMessages {
    async fn request(&mut self, id: impl Into<RequestId>, method: &str, nonce: u64);
    async fn notify(&mut self, method: &str, nonce: u64);
    async fn result(&mut self, id: &Value, nonce: u64);
    async fn cancel(&mut self, id: impl Into<RequestId>);
}

impl NonceMessages for LinePeer {
    async fn request(&mut self, id: impl Into<RequestId>, method: &str, nonce: u64) {
        let id = serde_json::to_value(id.into()).unwrap();
        self.send(&message::request(id, method, json!({ "n": nonce }))).await;
    }

    async fn notify(&mut self, method: &str, nonce: u64) {
        self.send(&message::notification(method, json!({ "n": nonce }))).await;
    }

    async fn result(&mut self, id: &Value, nonce: u64) {
        self.send(&message::response(id, json!({ "n": nonce }))).await;
    }

    async fn cancel(&mut self, id: impl Into<RequestId>) {
        let params = json!({ "requestId": id.into() });
        self.send(&message::notification("notifications/cancelled", params)).await;
    }
}

/// A stream that transfers one byte at a time in both directions.
pub(crate) struct OneByteStream(pub(crate) DuplexStream);

impl tokio::io::AsyncRead for OneByteStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buffer: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let mut one = buffer.take(1);
        let before = one.filled().len();
        std::task::ready!(Pin::new(&mut self.0).poll_read(cx, &mut one))?;
        let read = one.filled()[before..].to_vec();
        buffer.put_slice(&read);
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncWrite for OneByteStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, &bytes[..bytes.len().min(1)])
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
