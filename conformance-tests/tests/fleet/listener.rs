//! Clients that listen to changes, and what they have learned at the end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use mcp_client::types::SubscriptionFilter;
use mcp_client::{Client, Event};
use tokio::task::JoinHandle;

/// What all listeners subscribe to. The resources that change are below it.
pub(crate) const ROOM: &str = "state://room";

/// What a client has learned of changes.
#[derive(Default)]
struct Learned {
    /// When a resource was last reported.
    updated: HashMap<String, Instant>,
    /// When the client last learned that anything may have changed.
    all: Option<Instant>,
    gaps: usize,
}

/// A client that listens.
pub(crate) struct Listener {
    learned: Arc<Mutex<Learned>>,
    listening: JoinHandle<()>,
}

impl Listener {
    /// Listens with this client. A subscription that the server ends, because it stops, is opened
    /// again; what changed meanwhile has to be looked at.
    pub(crate) async fn start(client: Client) -> Self {
        let learned = Arc::<Mutex<Learned>>::default();
        let filter = || SubscriptionFilter::new().resource_subscriptions(vec![ROOM.to_owned()]);
        let mut changes = client.subscribe(filter()).await.expect("a subscription");
        let own = Arc::clone(&learned);
        let listening = tokio::spawn(async move {
            loop {
                while let Some(event) = changes.next().await {
                    let mut learned = own.lock().expect("no panic");
                    match event {
                        Event::ResourceUpdated(params) if params.uri != ROOM => {
                            learned.updated.insert(params.uri, Instant::now());
                        }
                        Event::ResourceUpdated(_) => learned.all = Some(Instant::now()),
                        Event::Gap | Event::Lagged(_) => {
                            learned.all = Some(Instant::now());
                            learned.gaps += 1;
                        }
                        other => panic!("{other:?}"),
                    }
                }
                changes = client.subscribe(filter()).await.expect("a subscription again");
                own.lock().expect("no panic").all = Some(Instant::now());
            }
        });
        Self { learned, listening }
    }

    /// The changes that the client has not learned of. Each has a URI and the time when it was
    /// reported to the server.
    pub(crate) fn lost(&self, changes: &[(String, Instant)]) -> Vec<String> {
        assert!(!self.listening.is_finished(), "it listens to the end");
        let learned = self.learned.lock().expect("no panic");
        let is_lost = |(uri, time): &&(String, Instant)| {
            let known = learned.updated.get(uri).copied().max(learned.all);
            known.is_none_or(|known| known < *time)
        };
        changes.iter().filter(is_lost).map(|(uri, _)| uri.clone()).collect()
    }

    /// Waits until the client has learned of all changes.
    pub(crate) async fn wait_for(&self, changes: &[(String, Instant)]) {
        let begin = Instant::now();
        loop {
            let lost = self.lost(changes);
            if lost.is_empty() {
                return;
            }
            assert!(begin.elapsed() < Duration::from_secs(20), "{} lost: {lost:?}", lost.len());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) fn gaps(&self) -> usize {
        self.learned.lock().expect("no panic").gaps
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.listening.abort();
    }
}
