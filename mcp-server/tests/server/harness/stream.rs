//! Byte streams: lines of JSON through a pipe in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use mcp_server::{ServeError, Server};
use mcp_test_support::{LinePeer, message, within_an_hour};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, ReadHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::client::{Inbox, Outcome, Received, Wire, outcome, response};

type PendingRequests = Arc<Mutex<HashMap<Value, oneshot::Sender<Outcome>>>>;

/// The next line to write; `None` closes the pipe.
type Outgoing = Option<Vec<u8>>;

pub struct Stream {
    out: mpsc::UnboundedSender<Outgoing>,
    pending_requests: PendingRequests,
}

pub type Served = JoinHandle<Result<(), ServeError>>;

fn serve(server: &Server, pipe: usize) -> (DuplexStream, oneshot::Sender<()>, Served) {
    let (client_end, server_end) = tokio::io::duplex(pipe);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = server.clone();
    let served = tokio::spawn(async move {
        let (reader, writer) = tokio::io::split(server_end);
        let stop = async move {
            if stopped.await.is_err() {
                std::future::pending::<()>().await; // The test dropped its client without a stop.
            }
        };
        server.serve_until(reader, writer, stop).await
    });
    (client_end, stop, served)
}

pub fn open(server: &Server, pipe: usize, inbox: Inbox) -> (Stream, oneshot::Sender<()>, Served) {
    let (client_end, stop, served) = serve(server, pipe);
    let (reader, mut writer) = tokio::io::split(client_end);
    let (out, mut pending) = mpsc::unbounded_channel::<Outgoing>();
    tokio::spawn(async move {
        while let Some(Some(line)) = pending.recv().await {
            if writer.write_all(&line).await.is_err() {
                return;
            }
        }
        let _ = writer.shutdown().await;
    });
    let pending_requests = PendingRequests::default();
    tokio::spawn(read(reader, Arc::clone(&pending_requests), inbox, out.clone()));
    (Stream { out, pending_requests }, stop, served)
}

async fn read(
    reader: ReadHalf<DuplexStream>,
    pending_requests: PendingRequests,
    inbox: Inbox,
    out: mpsc::UnboundedSender<Outgoing>,
) {
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        if message["jsonrpc"] != "2.0" {
            let _ = inbox
                .received
                .send(Received { method: "(not a message)".into(), params: json!(line) });
            continue;
        }
        if message.get("method").is_none() {
            let sender =
                message.get("id").and_then(|id| pending_requests.lock().unwrap().remove(id));
            let _ = match sender {
                Some(sender) => sender.send(outcome(&message)).map_err(drop),
                // An unexpected answer, or one to a cancelled request: the test checks for it.
                None => inbox
                    .received
                    .send(Received { method: "(stray answer)".into(), params: message })
                    .map_err(drop),
            };
            continue;
        }
        let method = message["method"].as_str().expect("a method").to_owned();
        let params = message.get("params").cloned().unwrap_or_else(|| json!({}));
        let answer = message.get("id").and_then(|_| (inbox.request_handler)(&method, &params));
        let _ = inbox.received.send(Received { method, params });
        if let Some(answer) = answer {
            let _ = out.send(Some(line_of(&response(&message["id"], answer))));
        }
    }
    pending_requests.lock().unwrap().clear(); // No more answers will arrive.
}

fn line_of(message: &Value) -> Vec<u8> {
    let mut line = message.to_string().into_bytes();
    line.push(b'\n');
    line
}

impl Wire for Stream {
    fn request(&self, id: Value, method: &str, params: Value) -> oneshot::Receiver<Outcome> {
        let (sender, answer) = oneshot::channel();
        self.pending_requests.lock().unwrap().insert(id.clone(), sender);
        let _ = self.out.send(Some(line_of(&message::request(id, method, params))));
        answer
    }

    fn notify(&self, method: &str, params: Value) {
        let _ = self.out.send(Some(line_of(&message::notification(method, params))));
    }

    fn cancel(&self, id: &Value) {
        // No answer is expected any more: one that arrives anyway fails the test.
        self.pending_requests.lock().unwrap().remove(id);
        self.notify("notifications/cancelled", json!({"requestId": id, "reason": "the test"}));
    }

    fn close(&self) {
        let _ = self.out.send(None);
    }
}

/// A raw client of a stream: lines in, lines out.
pub struct Raw {
    peer: LinePeer,
    served: Served,
}

impl Raw {
    pub fn open(server: &Server, pipe: usize) -> Self {
        let (client_end, _, served) = serve(server, pipe);
        Self { peer: LinePeer::new(client_end), served }
    }

    /// Opens an initialized session.
    pub async fn session(server: &Server, revision: &str) -> Self {
        Self::session_over(server, revision, 1 << 20).await
    }

    /// Opens an initialized session over a pipe with this capacity in bytes.
    pub async fn session_over(server: &Server, revision: &str, pipe: usize) -> Self {
        let mut raw = Self::open(server, pipe);
        let answer = raw.ask(&message::initialize(revision, json!({}))).await;
        assert_eq!(answer["result"]["protocolVersion"], revision);
        raw
    }

    pub async fn send(&mut self, message: &Value) {
        self.peer.send(message).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.peer.send_bytes(bytes).await;
    }

    /// Waits for the next message as text; `None` at the end.
    pub async fn next_line(&mut self) -> Option<String> {
        within_an_hour("a line or the end", self.peer.line()).await
    }

    /// Waits for the next message; `None` at the end.
    pub async fn next(&mut self) -> Option<Value> {
        within_an_hour("a message or the end", self.peer.next()).await
    }

    /// Sends a message and waits for the next one.
    pub async fn ask(&mut self, message: &Value) -> Value {
        self.send(message).await;
        self.next().await.expect("an answer")
    }

    pub async fn close(&mut self) {
        self.peer.half_close().await;
    }

    pub async fn served(self) -> Result<(), ServeError> {
        within_an_hour("the end of the server", self.served)
            .await
            .expect("the server does not panic")
    }
}
