//! Over bytes: lines of JSON through a pipe in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use mcp_server::{ServeError, Server};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, ReadHalf, WriteHalf,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::client::{Answered, Failure, Inbox, Told, Wire};

type Waiting = Arc<Mutex<HashMap<Value, oneshot::Sender<Answered>>>>;

/// What is written next; none closes the pipe.
type Outgoing = Option<Vec<u8>>;

pub struct Stream {
    out: mpsc::UnboundedSender<Outgoing>,
    waiting: Waiting,
}

pub type Served = JoinHandle<Result<(), ServeError>>;

fn serve(server: &Server, pipe: usize) -> (DuplexStream, oneshot::Sender<()>, Served) {
    let (ours, theirs) = tokio::io::duplex(pipe);
    let (stop, stopped) = oneshot::channel::<()>();
    let server = server.clone();
    let served = tokio::spawn(async move {
        let (reader, writer) = tokio::io::split(theirs);
        let stop = async move {
            if stopped.await.is_err() {
                std::future::pending::<()>().await; // The test dropped its client without a word.
            }
        };
        server.serve_until(reader, writer, stop).await
    });
    (ours, stop, served)
}

pub fn open(server: &Server, pipe: usize, inbox: Inbox) -> (Stream, oneshot::Sender<()>, Served) {
    let (ours, stop, served) = serve(server, pipe);
    let (reader, mut writer) = tokio::io::split(ours);
    let (out, mut pending) = mpsc::unbounded_channel::<Outgoing>();
    tokio::spawn(async move {
        while let Some(Some(line)) = pending.recv().await {
            if writer.write_all(&line).await.is_err() {
                return;
            }
        }
        let _ = writer.shutdown().await;
    });
    let waiting = Waiting::default();
    tokio::spawn(read(reader, Arc::clone(&waiting), inbox, out.clone()));
    (Stream { out, waiting }, stop, served)
}

async fn read(
    reader: ReadHalf<DuplexStream>,
    waiting: Waiting,
    inbox: Inbox,
    out: mpsc::UnboundedSender<Outgoing>,
) {
    let mut lines = BufReader::new(reader).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let message: Value = serde_json::from_str(&line).unwrap_or_default();
        if message["jsonrpc"] != "2.0" {
            let _ = inbox.told.send(Told { method: "(not a message)".into(), params: json!(line) });
            continue;
        }
        if message.get("method").is_none() {
            let sender = message.get("id").and_then(|id| waiting.lock().unwrap().remove(id));
            let _ = match sender {
                Some(sender) => sender.send(outcome(&message)).map_err(drop),
                // What nobody asked for, or what was cancelled: for the test to find.
                None => inbox
                    .told
                    .send(Told { method: "(stray answer)".into(), params: message })
                    .map_err(drop),
            };
            continue;
        }
        let method = message["method"].as_str().expect("a method").to_owned();
        let params = message.get("params").cloned().unwrap_or_else(|| json!({}));
        let answer = message.get("id").and_then(|_| (inbox.answerer)(&method, &params));
        let _ = inbox.told.send(Told { method, params });
        let answer = match answer {
            None => continue,
            Some(Ok(result)) => json!({"jsonrpc": "2.0", "id": message["id"], "result": result}),
            Some(Err(Failure { code, message: text, data })) => {
                let error = json!({"code": code, "message": text, "data": data});
                json!({"jsonrpc": "2.0", "id": message["id"], "error": error})
            }
        };
        let _ = out.send(Some(line_of(&answer)));
    }
    waiting.lock().unwrap().clear(); // Nobody answers any more.
}

fn outcome(message: &Value) -> Answered {
    match message.get("error") {
        None => Ok(message["result"].clone()),
        Some(error) => Err(Failure {
            code: error["code"].as_i64().expect("a code"),
            message: error["message"].as_str().expect("a message").to_owned(),
            data: error.get("data").cloned(),
        }),
    }
}

fn line_of(message: &Value) -> Vec<u8> {
    let mut line = message.to_string().into_bytes();
    line.push(b'\n');
    line
}

impl Wire for Stream {
    fn request(&self, id: Value, method: &str, params: Value) -> oneshot::Receiver<Answered> {
        let (sender, answer) = oneshot::channel();
        self.waiting.lock().unwrap().insert(id.clone(), sender);
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        let _ = self.out.send(Some(line_of(&message)));
        answer
    }

    fn notify(&self, method: &str, params: Value) {
        let message = json!({"jsonrpc": "2.0", "method": method, "params": params});
        let _ = self.out.send(Some(line_of(&message)));
    }

    fn cancel(&self, id: &Value) {
        // Nobody waits for an answer any more: one that comes all the same fails the test.
        self.waiting.lock().unwrap().remove(id);
        self.notify("notifications/cancelled", json!({"requestId": id, "reason": "the test"}));
    }

    fn close(&self) {
        let _ = self.out.send(None);
    }
}

/// Both ends of a stream as they are: lines in, lines out.
pub struct Raw {
    lines: tokio::io::Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    served: Served,
}

impl Raw {
    pub fn open(server: &Server, pipe: usize) -> Self {
        let (ours, _, served) = serve(server, pipe);
        let (reader, writer) = tokio::io::split(ours);
        Self { lines: BufReader::new(reader).lines(), writer, served }
    }

    /// A session that is initialized.
    pub async fn session(server: &Server, revision: &str) -> Self {
        Self::session_over(server, revision, 1 << 20).await
    }

    /// A session that is initialized, over a pipe that holds so many bytes.
    pub async fn session_over(server: &Server, revision: &str, pipe: usize) -> Self {
        let mut raw = Self::open(server, pipe);
        let params = json!({
            "protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "raw", "version": "0"},
        });
        raw.send(
            &json!({"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": params}),
        )
        .await;
        let hello = raw.next().await.expect("an answer");
        assert_eq!(hello["result"]["protocolVersion"], revision);
        raw
    }

    pub async fn send(&mut self, message: &Value) {
        self.send_bytes(&line_of(message)).await;
    }

    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).await.expect("the server reads");
    }

    /// The next message as text; none at the end.
    pub async fn next_line(&mut self) -> Option<String> {
        let hour = std::time::Duration::from_secs(3_600);
        timeout(hour, self.lines.next_line()).await.expect("a line or the end").expect("UTF-8")
    }

    /// The next message; none at the end.
    pub async fn next(&mut self) -> Option<Value> {
        let line = self.next_line().await?;
        Some(serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}")))
    }

    /// Sends and takes the next message.
    pub async fn ask(&mut self, message: &Value) -> Value {
        self.send(message).await;
        self.next().await.expect("an answer")
    }

    pub async fn close(&mut self) {
        self.writer.shutdown().await.expect("the pipe closes");
    }

    pub async fn served(self) -> Result<(), ServeError> {
        let hour = std::time::Duration::from_secs(3_600);
        timeout(hour, self.served)
            .await
            .expect("the server ends")
            .expect("the server does not panic")
    }
}
