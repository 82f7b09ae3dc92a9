//! Servers in the same process, and services of any kind.

use futures::StreamExt as _;
use mcp_client::json::JsonBytes;
use mcp_client::service::{Accept, Conversation, Notification, Peer, Reply, Request, Service};
use mcp_client::types::SubscriptionFilter;
use mcp_client::{Client, ClientGroup, ConnectionLimits, ErrorKind, ErrorObject, Event, Revision};
use serde_json::{Value, json};

use crate::fake::discovered;

pub(crate) struct Echo;

impl Service for Echo {
    async fn call(&self, request: Request) -> Reply {
        match &*request.method {
            "server/discover" => Ok(JsonBytes::new(&discovered()).unwrap()),
            "tools/call" => {
                let params: Value = request.params.parse().unwrap();
                if let Some(token) = params["_meta"].get("progressToken") {
                    let progress = json!({"progressToken": token, "progress": 1});
                    let note = Notification::new(
                        "notifications/progress",
                        JsonBytes::new(&progress).unwrap(),
                    );
                    request.peer.notify(note).await;
                }
                let result = json!({"content": [], "structuredContent": params["arguments"]});
                Ok(JsonBytes::new(&result).unwrap())
            }
            other => Err(ErrorObject::method_not_found(other).into()),
        }
    }

    async fn notify(&self, _: Notification) {}
}

impl Conversation for Echo {}

pub(crate) struct Server;

impl Accept for Server {
    type Conversation = Echo;

    fn accept(&self, _: Peer) -> Echo {
        Echo
    }

    fn limits(&self) -> ConnectionLimits {
        ConnectionLimits::for_server()
    }
}

#[tokio::test]
async fn a_server_in_memory_is_called_without_bytes_in_between() {
    let client = Client::connect_memory(&Server).await.unwrap();
    assert_eq!(client.revision(), Revision::V2026_07_28);
    let (told, progress) = std::sync::mpsc::channel();
    let call = client.call_tool("echo", &json!({"x": 1})).on_progress(move |progress| {
        told.send(progress.progress).unwrap();
    });
    assert_eq!(call.await.unwrap().structured::<Value>().unwrap(), json!({"x": 1}));
    assert_eq!(progress.recv().unwrap(), 1.0);
    assert_eq!(client.list_tools().await.unwrap_err().kind(), ErrorKind::Peer);
    assert_eq!(client.close().await, None);
    assert_eq!(client.call_tool("echo", &()).await.unwrap_err().kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn any_service_will_do() {
    let client = Client::builder().connect_service(|_| Echo).await.unwrap();
    let reply = client.call_tool("echo", &json!({"x": 2})).await.unwrap();
    assert_eq!(reply.structured::<Value>().unwrap(), json!({"x": 2}));
}

#[tokio::test]
async fn a_server_in_memory_is_one_of_a_group() {
    let group = ClientGroup::new();
    group.add("mem", Client::connect_memory(&Server).await.unwrap()).unwrap();
    let reply = group.call_tool("mem__echo", &json!({"x": 3})).await.unwrap();
    assert_eq!(reply.structured::<Value>().unwrap(), json!({"x": 3}));
    let tools = group.list_tools().await;
    assert_eq!((tools.items.len(), tools.failures[0].error.kind()), (0, ErrorKind::Peer));
}

/// A server whose only resource changes as soon as it is watched.
#[derive(Clone, Copy)]
struct Notes {
    is_legacy: bool,
}

impl Service for Notes {
    async fn call(&self, request: Request) -> Reply {
        let tell = async |method: &'static str, params: Value| {
            let params = JsonBytes::new(&params).unwrap();
            request.peer.notify(Notification::new(method, params)).await;
        };
        let answer = match &*request.method {
            "server/discover" if !self.is_legacy => discovered(),
            "initialize" => json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "serverInfo": {"name": "notes", "version": "1"},
            }),
            "resources/subscribe" => {
                tell("notifications/resources/updated", json!({"uri": "note://1"})).await;
                json!({})
            }
            "subscriptions/listen" => {
                let params: Value = request.params.parse().unwrap();
                let meta = json!({"io.modelcontextprotocol/subscriptionId": request.id});
                let agreed = json!({"notifications": params["notifications"], "_meta": meta});
                tell("notifications/subscriptions/acknowledged", agreed).await;
                let updated = json!({"uri": "note://1", "_meta": meta});
                tell("notifications/resources/updated", updated).await;
                std::future::pending().await
            }
            other => return Err(ErrorObject::method_not_found(other).into()),
        };
        Ok(JsonBytes::new(&answer).unwrap())
    }

    async fn notify(&self, _: Notification) {}
}

impl Conversation for Notes {}

impl Accept for Notes {
    type Conversation = Self;

    fn accept(&self, _: Peer) -> Self {
        *self
    }

    fn limits(&self) -> ConnectionLimits {
        ConnectionLimits::for_server()
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_in_memory_that_ends_is_made_again_with_its_subscriptions() {
    for is_legacy in [false, true] {
        let group = ClientGroup::new();
        let connect = move || async move { Client::connect_memory(&Notes { is_legacy }).await };
        group.add_with("notes", connect).unwrap();
        let filter = SubscriptionFilter::new().resource_subscriptions(vec!["note://1".to_owned()]);
        let mut changes = group.subscribe("notes", filter).await.unwrap();
        for is_first in [true, false, false] {
            if !is_first {
                assert_eq!(changes.next().await, Some(Event::Gap));
            }
            assert!(matches!(changes.next().await, Some(Event::ResourceUpdated(_))));
            group.client("notes").await.unwrap().close().await;
        }
    }
}
