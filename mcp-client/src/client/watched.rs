//! The resources of a legacy server that subscriptions watch.

use std::collections::HashMap;

use mcp_core::sync::Mutex;

/// How many subscriptions watch each resource. The server counts none: one
/// `resources/unsubscribe` ends all that it reports of a resource.
#[derive(Debug, Default)]
pub(crate) struct WatchedResources(Mutex<HashMap<String, usize>>);

impl WatchedResources {
    pub(crate) fn add(&self, uri: &str) {
        *self.0.lock().entry(uri.to_owned()).or_default() += 1;
    }

    /// Returns the resources that no subscription watches any more.
    pub(crate) fn remove(&self, uris: Vec<String>) -> Vec<String> {
        let mut watched = self.0.lock();
        let is_last = |uri: &String| match watched.get_mut(uri) {
            Some(count) if *count > 1 => {
                *count -= 1;
                false
            }
            _ => watched.remove(uri).is_some(),
        };
        uris.into_iter().filter(is_last).collect()
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().keys().cloned().collect()
    }
}
