//! A server that does what the test says, line by line.

use mcp_client::{Client, ClientBuilder, Error};
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
    split,
};

pub(crate) struct Fake {
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
}

pub(crate) type Ends = (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>);

impl Fake {
    /// A server and the client's ends of its streams.
    pub(crate) fn new() -> (Ends, Self) {
        let (client, server) = tokio::io::duplex(1 << 20);
        let (reader, writer) = split(server);
        (split(client), Self { lines: BufReader::new(reader).lines(), writer })
    }

    /// The next message of the client; `None` when it closed its side.
    pub(crate) async fn maybe_next(&mut self) -> Option<Value> {
        let line = self.lines.next_line().await.unwrap()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    pub(crate) async fn next(&mut self) -> Value {
        self.maybe_next().await.expect("the client is there")
    }

    /// The next message, which must have this method.
    pub(crate) async fn expect(&mut self, method: &str) -> Value {
        let message = self.next().await;
        assert_eq!(message["method"], method, "{message}");
        message
    }

    pub(crate) async fn raw(&mut self, line: &str) {
        self.writer.write_all(line.as_bytes()).await.unwrap();
        self.writer.write_all(b"\n").await.unwrap();
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.raw(&message.to_string()).await;
    }

    pub(crate) async fn reply(&mut self, request: &Value, result: Value) {
        self.send(json!({"jsonrpc": "2.0", "id": request["id"], "result": result})).await;
    }

    pub(crate) async fn refuse(&mut self, request: &Value, code: i32, data: Value) {
        let error = json!({"code": code, "message": "no", "data": data});
        self.send(json!({"jsonrpc": "2.0", "id": request["id"], "error": error})).await;
    }

    pub(crate) async fn tell(&mut self, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    /// Answers a handshake.
    pub(crate) async fn initialize(&mut self, version: &str) -> Value {
        let request = self.expect("initialize").await;
        let capabilities =
            json!({"tools": {"listChanged": true}, "resources": {"subscribe": true}});
        let server = json!({"name": "fake", "version": "1"});
        self.reply(
            &request,
            json!({"protocolVersion": version, "capabilities": capabilities, "serverInfo": server}),
        )
        .await;
        self.expect("notifications/initialized").await;
        request
    }
}

/// What a modern server says of itself.
pub(crate) fn discovered() -> Value {
    json!({
        "resultType": "complete",
        "supportedVersions": ["2026-07-28"],
        "capabilities": {"tools": {}},
        "instructions": "be kind",
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": {"io.modelcontextprotocol/serverInfo": {"name": "fake", "version": "1"}},
    })
}

/// A client of a modern server.
pub(crate) async fn modern() -> (Client, Fake) {
    modern_with(Client::builder()).await
}

pub(crate) async fn modern_with(builder: ClientBuilder) -> (Client, Fake) {
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.expect("server/discover").await;
        fake.reply(&probe, discovered()).await;
    };
    let (client, ()) = tokio::join!(builder.connect(reader, writer), serve);
    (client.unwrap(), fake)
}

/// A client of a legacy server.
pub(crate) async fn legacy_with(builder: ClientBuilder, version: &str) -> (Client, Fake, Value) {
    let ((reader, writer), mut fake) = Fake::new();
    let serve = async {
        let probe = fake.expect("server/discover").await;
        fake.refuse(&probe, -32601, Value::Null).await;
        fake.initialize(version).await
    };
    let (client, initialize) = tokio::join!(builder.connect(reader, writer), serve);
    (client.unwrap(), fake, initialize)
}

/// Lets a call and the server's part of it run together.
pub(crate) async fn with<T>(
    call: impl IntoFuture<Output = Result<T, Error>>,
    serve: impl Future<Output = ()>,
) -> Result<T, Error> {
    tokio::join!(call.into_future(), serve).0
}

/// A result of a tool with one text.
pub(crate) fn text(text: &str) -> Value {
    json!({"resultType": "complete", "content": [{"type": "text", "text": text}]})
}
