//! Progress of calls: who waits for which token.
//!
//! A call's token is its request id. Reports of tokens that nobody waits for are dropped, and a flood of
//! reports drops the ones that the call does not come to read.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::RequestId;
use mcp_core::types::ProgressParams;
use tokio::sync::mpsc;

/// Most reports of one call that wait to be read.
const MOST: usize = 64;

/// Takes the progress of a call.
pub(crate) type OnProgress = Box<dyn FnMut(ProgressParams) + Send>;

#[derive(Debug, Default)]
pub(crate) struct ProgressTable(Mutex<HashMap<RequestId, mpsc::Sender<ProgressParams>>>);

impl ProgressTable {
    fn lock(&self) -> MutexGuard<'_, HashMap<RequestId, mpsc::Sender<ProgressParams>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the progress of a call, until the guard is dropped.
    pub(crate) fn expect(&self, token: RequestId) -> Expected<'_> {
        let (sender, reports) = mpsc::channel(MOST);
        self.lock().insert(token.clone(), sender);
        Expected { table: self, token, reports }
    }

    /// A report has arrived.
    pub(crate) fn report(&self, params: &JsonBytes) {
        let Ok(progress) = params.parse::<ProgressParams>() else {
            tracing::debug!("dropped a malformed progress notification");
            return;
        };
        let table = self.lock();
        match table.get(&progress.progress_token) {
            // A full channel has newer reports than the reader has seen; this one is dropped.
            Some(waiting) => drop(waiting.try_send(progress)),
            None => {
                tracing::debug!(token = %progress.progress_token, "dropped progress of nobody's")
            }
        }
    }
}

/// The reports of one call.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    table: &'a ProgressTable,
    token: RequestId,
    pub(crate) reports: mpsc::Receiver<ProgressParams>,
}

impl Drop for Expected<'_> {
    fn drop(&mut self) {
        self.table.lock().remove(&self.token);
    }
}
