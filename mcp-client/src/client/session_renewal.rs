//! A new legacy session gets the requests that set up the one before it.

use futures::stream::{self, StreamExt as _};
use mcp_core::service::BoxFuture;
use mcp_core::text::PeerText;

use super::handle::{Client, WeakClient};
use crate::inbound::SessionObserver;

/// Requests at a time. Fixed: it keeps a new session from being flooded, and no call waits for it.
const CONCURRENT_REQUESTS: usize = 8;

impl SessionObserver for WeakClient {
    fn session_restarted(&self) -> BoxFuture<'static, ()> {
        let client = self.upgrade();
        Box::pin(async move {
            if let Some(client) = client {
                client.renew_session().await;
            }
        })
    }
}

impl Client {
    /// Sets the log level again, and watches the resources that are watched.
    async fn renew_session(&self) {
        if let Some(level) = self.chosen_log_level()
            && let Err(error) = self.request_log_level(level).await
        {
            tracing::warn!(%error, "the log level could not be set in the new session");
        }
        let watch = async |uri: String| {
            if let Err(error) = self.subscribe_resource(&uri).await {
                let shown = PeerText::new(&uri);
                tracing::warn!(%error, uri = %shown, "a resource could not be watched in the new session");
                self.wire().inbound.cannot_watch(&uri, &error);
            }
        };
        stream::iter(self.watched().all()).for_each_concurrent(CONCURRENT_REQUESTS, watch).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt as _;
    use mcp_core::json::JsonBytes;
    use mcp_core::jsonrpc::ErrorObject;
    use mcp_core::service::{CallError, Notification, Reply, Request, Service};
    use mcp_core::types::{LoggingLevel, SubscriptionFilter};
    use serde_json::{Value, json};
    use tokio::sync::mpsc;

    use super::*;
    use crate::error::ErrorKind;
    use crate::event::Event;

    /// A legacy server that grants all but one resource, and reports its requests to the test.
    struct Legacy(mpsc::UnboundedSender<(String, Value)>);

    impl Service for Legacy {
        async fn call(&self, request: Request) -> Reply {
            let params: Value = request.params.parse().unwrap();
            let answer = match &*request.method {
                "initialize" => json!({
                    "protocolVersion": "2025-11-25",
                    "capabilities": {},
                    "serverInfo": {"name": "legacy", "version": "1"},
                }),
                "server/discover" => {
                    return Err(ErrorObject::method_not_found("server/discover").into());
                }
                _ => json!({}),
            };
            self.0.send((request.method.to_string(), params.clone())).unwrap();
            if params["uri"] == "a://refused" {
                tokio::time::sleep(Duration::from_secs(1)).await;
                return Err(CallError::Peer(ErrorObject::invalid_params("gone")));
            }
            Ok(JsonBytes::new(&answer).unwrap())
        }

        async fn notify(&self, _: Notification) {}
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_session_is_told_what_is_watched_and_the_streams_report_the_gap() {
        let (told, mut asked) = mpsc::unbounded_channel();
        let client = Client::builder().connect_service(|_| Legacy(told)).await.unwrap();
        client.request_log_level(LoggingLevel::Warning).await.unwrap();
        let filter = SubscriptionFilter::new().resource_subscriptions(vec!["a://1".to_owned()]);
        let mut watching = client.subscribe(filter).await.unwrap();
        let mut all = client.notifications();
        while let Ok((method, _)) = asked.try_recv() {
            assert_ne!(method, "resources/unsubscribe");
        }

        let inbound = &client.wire().inbound;
        // What comes while the client is still busy with the first is not forgotten, and not done
        // twice at a time.
        inbound.session_restarted();
        inbound.session_restarted();
        assert_eq!(watching.next().await, Some(Event::Gap));
        assert_eq!(all.next().await, Some(Event::Gap));
        let mut again = Vec::new();
        while let Ok((method, params)) = asked.try_recv() {
            again.push((method, params["level"].clone(), params["uri"].clone()));
        }
        let level = ("logging/setLevel".to_owned(), json!("warning"), Value::Null);
        let uri = ("resources/subscribe".to_owned(), Value::Null, json!("a://1"));
        assert_eq!(again, [level, uri]);
        assert!(watching.next().now_or_never().is_none(), "one gap");
    }

    #[tokio::test(start_paused = true)]
    async fn a_resource_that_cannot_be_watched_again_ends_its_subscriptions() {
        let (told, _asked) = mpsc::unbounded_channel();
        let client = Client::builder().connect_service(|_| Legacy(told)).await.unwrap();
        let filter =
            |uri: &str| SubscriptionFilter::new().resource_subscriptions(vec![uri.to_owned()]);
        let mut kept = client.subscribe(filter("a://1")).await.unwrap();
        let inbound = &client.wire().inbound;
        let queue = inbound.hub.listen(Some(filter("a://refused")));
        client.watched().add("a://refused");
        inbound.session_restarted();
        assert_eq!(kept.next().await, Some(Event::Gap));
        let error = queue.error().expect("it ended");
        assert_eq!(error.kind(), ErrorKind::Peer);
        assert!(error.to_string().contains("a://refused"), "{error}");
    }
}
