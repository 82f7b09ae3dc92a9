//! Several instances of a server that share their sessions, behind a load balancer that leads each
//! request to any of them.

mod bus;
mod listening;
mod lost_messages;
mod running_calls;
mod sessions;
mod stores;

use std::time::Duration;

use mcp_server::Limits;
use mcp_server::http::HttpOptions;
use mcp_server::store::{
    MemoryBus, MemoryEventStore, MemoryNonceStore, MemorySessionStore, Stores,
};
use serde_json::{Value, json};

use super::harness::{Client, Host};

/// What instances share.
#[derive(Clone)]
struct Shared {
    stores: Stores,
    limits: Limits,
}

impl Shared {
    fn new() -> Self {
        let stores = Stores::new()
            .sessions(MemorySessionStore::new())
            .events(MemoryEventStore::default())
            .nonces(MemoryNonceStore::new())
            .bus(MemoryBus::new());
        Self { stores, limits: Limits::new() }
    }

    fn host(&self) -> Host {
        Host::sharing(self.stores.clone(), HttpOptions::new(), self.limits.clone())
    }
}

fn request(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": 5, "method": method, "params": params})
}

/// Lets what was sent between instances arrive.
async fn arrive() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}

async fn level(client: &Client, level: &str) {
    let answer = client.post(request("logging/setLevel", &json!({"level": level}))).await;
    assert_eq!(answer.json().await["result"], json!({}));
}

async fn subscribe(client: &Client, uri: &str) {
    let answer = client.post(request("resources/subscribe", &json!({"uri": uri}))).await;
    assert_eq!(answer.json().await["result"], json!({}));
}
