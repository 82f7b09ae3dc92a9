//! Keeps the known tools of a group up to date.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::time::sleep;

use crate::event::Event;
use crate::group::{ClientGroup, GroupEvent, GroupNotifications, WeakGroup};

/// Pause after a list, during which changes of the same server are collected.
const REFRESH_PAUSE: Duration = Duration::from_secs(1);

/// Lists the tools of each server when it is connected and when it reports a change, until the
/// group is dropped. A server that does not answer holds up no other one.
pub(super) async fn keep_tools(group: WeakGroup, mut notifications: GroupNotifications) {
    let mut running = FuturesUnordered::new();
    let mut listing = HashSet::new();
    let mut again = HashSet::new();
    loop {
        let servers = tokio::select! {
            Some(server) = running.next(), if !running.is_empty() => {
                listing.remove(&server);
                again.take(&server).into_iter().collect()
            }
            event = notifications.next() => match event {
                Some(event) => changed(&group, event),
                None => return,
            },
        };
        for server in servers {
            if !listing.insert(Arc::clone(&server)) {
                again.insert(server);
                continue;
            }
            running.push(refresh(group.clone(), server));
        }
    }
}

async fn refresh(group: WeakGroup, server: Arc<str>) -> Arc<str> {
    if let Err(error) = group.refresh_tools(&server).await {
        tracing::warn!(server = &*server, %error, "the tools of the server are not known");
    }
    sleep(REFRESH_PAUSE).await;
    server
}

/// The servers whose tools may be others than before.
fn changed(group: &WeakGroup, event: GroupEvent) -> Vec<Arc<str>> {
    match event {
        GroupEvent::Connected { server }
        | GroupEvent::Event { server, event: Event::ToolsListChanged | Event::Gap } => vec![server],
        GroupEvent::Lagged(_) => {
            let servers = group.upgrade().as_ref().map(ClientGroup::servers).unwrap_or_default();
            servers.into_iter().map(|server| server.name).collect()
        }
        _ => Vec::new(),
    }
}
