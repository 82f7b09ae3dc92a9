//! A legacy session that the server forgot and the transport began anew: the server is told again what the client
//! watches, and whoever listens is told of the gap. Spec: basic/transports, "Session Management" (SH-8).

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::client::WeakClient;
use crate::error::Error;
use crate::inbound::Inbound;

/// Most sessions that may end, one after the other, while the client tells the server what it watches.
const MOST_RESTARTS: usize = 8;

impl Inbound {
    /// A legacy session was begun anew, and the server knows nothing of what the client watches: the client tells
    /// it again, and then all streams that changes may have been missed.
    #[cfg_attr(not(feature = "http"), allow(dead_code, reason = "sessions are HTTP's"))]
    pub(crate) fn session_restarted(self: &Arc<Self>) {
        if self.restarts.fetch_add(1, Ordering::AcqRel) > 0 {
            return; // The task that runs sees it.
        }
        let inbound = Arc::clone(self);
        tokio::spawn(async move {
            for _ in 0..MOST_RESTARTS {
                let seen = inbound.restarts.load(Ordering::Acquire);
                if let Some(client) = inbound.client.get().and_then(WeakClient::upgrade) {
                    client.watch_again().await;
                }
                if inbound
                    .restarts
                    .compare_exchange(seen, 0, Ordering::AcqRel, Ordering::Acquire)
                    .is_ok()
                {
                    return inbound.missed();
                }
            }
            tracing::warn!("the server ends each session at once");
            inbound.restarts.store(0, Ordering::Release);
            inbound.missed();
        });
    }

    /// The subscriptions that watch this resource get no news of it any more.
    pub(crate) fn cannot_watch(&self, uri: &str, error: &Error) {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.iter() {
            let watched =
                listener.filter.iter().filter_map(|filter| filter.resource_subscriptions.as_ref());
            if watched.flatten().any(|watched| watched == uri)
                && let Some(mailbox) = listener.mailbox.upgrade()
            {
                let message = format!("{uri} cannot be watched in the new session: {error}");
                mailbox.fail(Error::new(error.kind(), message).during("resources/subscribe"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::{FutureExt as _, StreamExt as _};
    use mcp_core::json::JsonBytes;
    use mcp_core::jsonrpc::ErrorObject;
    use mcp_core::service::{CallError, Notification, Reply, Request, Service};
    use mcp_core::types::{LoggingLevel, SubscriptionFilter};
    use serde_json::{Value, json};
    use tokio::sync::mpsc;

    use crate::client::Client;
    use crate::error::ErrorKind;
    use crate::event::Event;

    /// A legacy server that grants all but one resource, and tells the test what it was asked.
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
    async fn a_new_session_is_told_what_is_watched_and_the_streams_of_the_gap() {
        let (told, mut asked) = mpsc::unbounded_channel();
        let client = Client::builder().connect_service(|_| Legacy(told)).await.unwrap();
        client.set_log_level(LoggingLevel::Warning).await.unwrap();
        let filter = SubscriptionFilter::new().resource_subscriptions(vec!["a://1".to_owned()]);
        let mut watching = client.subscribe(filter).await.unwrap();
        let mut all = client.notifications();
        while let Ok((method, _)) = asked.try_recv() {
            assert_ne!(method, "resources/unsubscribe");
        }

        let inbound = &client.wire().inbound;
        // What comes while the client is still busy with the first is not forgotten, and not done twice at a time.
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
        let mailbox = inbound.listen(Some(filter("a://refused")));
        client.watch("a://refused");
        inbound.session_restarted();
        assert_eq!(kept.next().await, Some(Event::Gap));
        let error = mailbox.error().expect("it ended");
        assert_eq!(error.kind(), ErrorKind::Peer);
        assert!(error.to_string().contains("a://refused"), "{error}");
    }
}
