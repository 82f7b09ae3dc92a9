//! Status messages of a task as the progress of its call.

use mcp_core::jsonrpc::RequestId;
use mcp_core::types::{DetailedTask, ProgressParams};

use crate::progress::OnProgress;

/// Passes each new status message to the progress handler of the call.
pub(super) struct Reporter {
    on_progress: Option<OnProgress>,
    last: Option<String>,
    reports: u32,
}

impl Reporter {
    pub(super) fn new(on_progress: Option<OnProgress>) -> Self {
        Self { on_progress, last: None, reports: 0 }
    }

    pub(super) fn report(&mut self, task: &DetailedTask) {
        let Some(on_progress) = &mut self.on_progress else { return };
        let Some(message) = &task.status_message else { return };
        if self.last.as_ref() == Some(message) {
            return;
        }
        self.last = Some(message.clone());
        self.reports = self.reports.saturating_add(1);
        let token = RequestId::String(task.task_id.as_str().into());
        on_progress(ProgressParams::new(token, self.reports).message(message.clone()));
    }
}
