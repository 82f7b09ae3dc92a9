//! A server that does what the test says, line by line.

use mcp_client::{Client, ClientBuilder};
use mcp_test_support::{LinePeer, message};
use serde_json::{Value, json};
use tokio::io::{DuplexStream, ReadHalf, WriteHalf, split};

pub(crate) struct Fake(LinePeer);

pub(crate) type Ends = (ReadHalf<DuplexStream>, WriteHalf<DuplexStream>);

impl Fake {
    /// A server and the client's ends of its streams.
    pub(crate) fn new() -> (Ends, Self) {
        let (client, server) = tokio::io::duplex(1 << 20);
        (split(client), Self(LinePeer::new(server)))
    }

    /// The next message of the client; `None` when it closed its side.
    pub(crate) async fn maybe_next(&mut self) -> Option<Value> {
        self.0.next().await
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
        self.0.send_line(line).await;
    }

    pub(crate) async fn send(&mut self, message: Value) {
        self.0.send(&message).await;
    }

    pub(crate) async fn reply(&mut self, request: &Value, result: Value) {
        self.send(message::response(&request["id"], result)).await;
    }

    pub(crate) async fn refuse(&mut self, request: &Value, code: i32, data: Value) {
        self.send(message::error(&request["id"], code.into(), "no", data)).await;
    }

    pub(crate) async fn tell(&mut self, method: &str, params: Value) {
        self.send(message::notification(method, params)).await;
    }

    /// Answers a handshake.
    pub(crate) async fn initialize(&mut self, version: &str) -> Value {
        let request = self.expect("initialize").await;
        self.reply(&request, message::initialized(version)).await;
        self.expect("notifications/initialized").await;
        request
    }
}

/// What a modern server says of itself.
pub(crate) fn discovered() -> Value {
    let mut result = message::discovered(json!({"tools": {}}));
    result["instructions"] = "be kind".into();
    result["_meta"] =
        json!({"io.modelcontextprotocol/serverInfo": {"name": "fake", "version": "1"}});
    result
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
