//! A peer made of raw lines, and a local service that does what its tests ask for.

use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use mcp_core::Limits;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::service::{Notification, Peer, Reply, Request, Service};
use mcp_core::transport::TransportError;
use mcp_core::transport::stream::{self, Remote};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

/// Done when every other task waits for something. Needs paused time, which moves on only then.
pub(crate) async fn idle() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

/// A request with the parameters `{"n":nonce}`.
pub(crate) fn request(id: impl Into<RequestId>, method: &'static str, nonce: u64) -> Request {
    Request::new(id.into(), method, JsonBytes::new(&serde_json::json!({ "n": nonce })).unwrap())
}

/// The nonce of a reply.
pub(crate) fn nonce(reply: &Reply) -> Option<u64> {
    reply.as_ref().ok()?.parse::<Value>().ok()?["n"].as_u64()
}

/// The local side. Methods: `echo` answers at once with its parameters, `later` after a detour over the
/// scheduler, `hold` when [`Local::release`] is called with its nonce, `ask` with what the peer answers,
/// `tell` after a notification,
/// `size` with a result of that many bytes, `panic` and `panic-later` do. The notification `slow` takes until its
/// nonce is released.
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

    fn note(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
    }

    /// What happened since the last look: `start n`, `end n`, `drop n`, `note method n`.
    pub(crate) fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

/// Notes when a held call is dropped before its end.
struct Held<'a>(&'a Local, u64, bool);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.note(format!("{} {}", if self.2 { "end" } else { "drop" }, self.1));
    }
}

impl Service for Local {
    async fn call(&self, request: Request) -> Reply {
        let params: Value = request.params.parse().unwrap();
        let nonce = params["n"].as_u64().unwrap_or_default();
        match &*request.method {
            "echo" => Ok(request.params),
            "later" => {
                tokio::task::yield_now().await;
                Ok(request.params)
            }
            "hold" => {
                self.note(format!("start {nonce}"));
                let mut held = Held(self, nonce, false);
                self.gate(nonce).acquire().await.unwrap().forget();
                held.2 = true;
                Ok(request.params)
            }
            "ask" => {
                let question = Request::new(request.id, "echo", request.params);
                request.peer.call(question).await
            }
            "tell" => {
                request.peer.notify(Notification::new("told", request.params.clone())).await;
                Ok(request.params)
            }
            "size" => {
                let text = "x".repeat(nonce as usize);
                Ok(JsonBytes::new(&serde_json::json!({ "text": text })).unwrap())
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
        self.note(format!("note {} {nonce}", notification.method));
    }

    fn accepts_batches(&self) -> bool {
        self.batches
    }
}

/// An engine on one end of a duplex pipe, raw bytes on the other.
pub(crate) struct Bench {
    pub(crate) remote: Remote,
    pub(crate) local: Arc<Local>,
    pub(crate) wire: Wire,
    pub(crate) driver: JoinHandle<Result<(), TransportError>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Bench {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self::with(limits, Local::default(), 1 << 20)
    }

    pub(crate) fn with(limits: &Limits, local: Local, pipe: usize) -> Self {
        let (ours, theirs) = tokio::io::duplex(pipe);
        let (reader, writer) = tokio::io::split(ours);
        let local = Arc::new(local);
        let (remote, driver) = stream::connect(reader, writer, limits, |_| Arc::clone(&local));
        let (stop, stopped) = oneshot::channel::<()>();
        let stop_signal = async move {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let driver = tokio::spawn(driver.run(stop_signal));
        Self { remote, local, wire: Wire::new(theirs), driver, stop: Some(stop) }
    }

    /// Asks the driver to stop.
    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Starts a call of ours.
    pub(crate) fn call(&self, request: Request) -> JoinHandle<Reply> {
        let remote = self.remote.clone();
        tokio::spawn(async move { remote.call(request).await })
    }

    pub(crate) fn peer(&self) -> Peer {
        Peer::new(self.remote.clone())
    }

    /// Nothing is left: the maps are empty, the outbox is, and nobody holds the service.
    pub(crate) async fn leaves_nothing(self) {
        let Self { remote, local, driver, wire, stop } = self;
        drop((wire, stop));
        let _ = driver.await;
        idle().await;
        assert_eq!(remote.stats(), stream::Stats::default());
        assert_eq!(Arc::strong_count(&local), 1, "a task outlived the conversation");
    }
}

/// The peer's end.
pub(crate) struct Wire {
    stream: Option<DuplexStream>,
    unread: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: DuplexStream) -> Self {
        Self { stream: Some(stream), unread: Vec::new() }
    }

    fn stream(&mut self) -> &mut DuplexStream {
        self.stream.as_mut().expect("the wire is open")
    }

    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        self.stream().write_all(bytes).await.unwrap();
    }

    pub(crate) async fn send(&mut self, line: impl AsRef<str>) {
        self.bytes(format!("{}\n", line.as_ref()).as_bytes()).await;
    }

    pub(crate) async fn request(&mut self, id: impl Into<RequestId>, method: &str, nonce: u64) {
        let id = serde_json::to_string(&id.into()).unwrap();
        self.send(format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{{"n":{nonce}}}}}"#
        ))
        .await;
    }

    pub(crate) async fn note(&mut self, method: &str, nonce: u64) {
        self.send(format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"n":{nonce}}}}}"#))
            .await;
    }

    pub(crate) async fn result(&mut self, id: &Value, nonce: u64) {
        self.send(format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{"n":{nonce}}}}}"#)).await;
    }

    pub(crate) async fn cancel(&mut self, id: impl Into<RequestId>) {
        let id = serde_json::to_string(&id.into()).unwrap();
        let params = format!(r#"{{"requestId":{id}}}"#);
        self.send(format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/cancelled","params":{params}}}"#
        ))
        .await;
    }

    /// Closes our side alone.
    pub(crate) async fn half_close(&mut self) {
        self.stream().shutdown().await.unwrap();
    }

    pub(crate) fn close(&mut self) {
        self.stream = None;
    }

    /// The next line; none at the end of the stream.
    pub(crate) async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(line) = self.complete_line() {
                return Some(line);
            }
            let mut chunk = [0; 4096];
            match self.stream().read(&mut chunk).await.unwrap() {
                0 => {
                    assert!(self.unread.is_empty(), "the stream ended inside of a line");
                    return None;
                }
                read => self.unread.extend_from_slice(&chunk[..read]),
            }
        }
    }

    pub(crate) async fn message(&mut self) -> Value {
        let line = self.line().await.expect("a message");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    fn complete_line(&mut self) -> Option<String> {
        let end = self.unread.iter().position(|byte| *byte == b'\n')?;
        let rest = self.unread.split_off(end + 1);
        let line = std::mem::replace(&mut self.unread, rest);
        Some(String::from_utf8(line[..end].to_vec()).unwrap())
    }

    /// Whatever has arrived, without waiting.
    pub(crate) async fn arrived(&mut self) -> Vec<Value> {
        loop {
            let mut chunk = [0; 4096];
            // The scheduler's budget would end this before everything is read.
            let read = tokio::task::unconstrained(poll_fn(|cx| {
                let Some(stream) = &mut self.stream else { return Poll::Ready(0) };
                let read = std::pin::pin!(stream.read(&mut chunk));
                match Future::poll(read, cx) {
                    Poll::Ready(read) => Poll::Ready(read.unwrap()),
                    Poll::Pending => Poll::Ready(0),
                }
            }))
            .await;
            if read == 0 {
                break;
            }
            self.unread.extend_from_slice(&chunk[..read]);
        }
        let end = self.unread.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let rest = self.unread.split_off(end);
        let lines = std::mem::replace(&mut self.unread, rest);
        let lines = String::from_utf8(lines).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Reads and throws away at most `most` bytes.
    pub(crate) async fn skim(&mut self, most: usize) -> usize {
        let mut chunk = vec![0; most];
        self.stream().read(&mut chunk).await.unwrap()
    }
}

/// A small generator of pseudo-random numbers (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 16) as usize % bound.max(1)
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// A stream that moves one byte at a time, in both directions.
pub(crate) struct Drop1(pub(crate) DuplexStream);

impl tokio::io::AsyncRead for Drop1 {
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

impl tokio::io::AsyncWrite for Drop1 {
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
