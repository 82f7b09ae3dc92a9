//! What cancels a task that is not waited for any more.

use std::sync::Arc;

use tokio::runtime::Handle;

use super::request::{Timing, cancel};
use super::shared::Shared;

/// Cancels the task when it is dropped, if the user chose so and the task is not done.
pub(super) struct CancelOnDrop {
    shared: Arc<Shared>,
    runtime: Option<Handle>,
}

impl CancelOnDrop {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        let cancels = shared.client.task_options().is_some_and(|options| options.cancel_on_drop);
        let runtime = cancels.then(Handle::try_current).and_then(Result::ok);
        Self { shared: Arc::clone(shared), runtime }
    }

    /// Lets the task continue.
    pub(super) fn disarm(&mut self) {
        self.runtime = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take().filter(|_| !self.shared.is_final()) else { return };
        let shared = Arc::clone(&self.shared);
        runtime.spawn(async move {
            let timing = Timing::of(&shared.client);
            if let Err(error) = cancel(&shared.client, &shared.id, timing).await {
                tracing::debug!(%error, "a task that was given up could not be cancelled");
            }
        });
    }
}
