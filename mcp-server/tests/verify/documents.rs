//! The documents of an authorization server, whose fetches are counted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use mcp_core::http_client::BoxError;
use mcp_core::sync::Mutex;
use mcp_server::auth::FetchDocument;

/// Documents by their URL. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Documents(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    documents: HashMap<String, String>,
    fetched: Vec<String>,
    is_down: bool,
    delay: Duration,
}

impl Documents {
    pub(crate) fn with(self, url: &str, document: impl ToString) -> Self {
        self.set(url, document);
        self
    }

    pub(crate) fn set(&self, url: &str, document: impl ToString) {
        self.0.lock().documents.insert(url.to_owned(), document.to_string());
    }

    /// Every fetch fails from now on, or none does.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.0.lock().is_down = is_down;
    }

    /// Every fetch takes this long.
    pub(crate) fn set_delay(&self, delay: Duration) {
        self.0.lock().delay = delay;
    }

    /// The URLs that were fetched.
    pub(crate) fn fetched(&self) -> Vec<String> {
        self.0.lock().fetched.clone()
    }

    pub(crate) fn fetches(&self) -> usize {
        self.0.lock().fetched.len()
    }
}

#[async_trait::async_trait]
impl FetchDocument for Documents {
    async fn fetch(&self, url: &str) -> Result<Option<Bytes>, BoxError> {
        let delay = {
            let mut state = self.0.lock();
            state.fetched.push(url.to_owned());
            state.delay
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        let state = self.0.lock();
        if state.is_down {
            return Err(format!("{url} answered 503").into());
        }
        Ok(state.documents.get(url).map(|text| Bytes::from(text.clone())))
    }
}
