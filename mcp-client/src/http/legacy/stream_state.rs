//! The task that reads the stream of a session, and when a lost stream is opened again.

use mcp_core::sync::Mutex;
use tokio::task::AbortHandle;

use super::session_stream::{Loss, StreamProgress};

/// The task that reads the stream of a session.
#[derive(Debug, Default)]
pub(super) struct StreamState(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    task: Option<AbortHandle>,
    /// Grows with each task, so that one that was replaced changes nothing any more.
    number: u64,
    lost: Option<LostStream>,
    /// The client is closed.
    is_stopped: bool,
}

/// A stream that can be opened again.
#[derive(Debug)]
struct LostStream {
    progress: StreamProgress,
    loss: Loss,
    /// How often credentials had been replaced by then.
    authorizations: u64,
}

/// Why a lost stream is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reopen {
    /// The application subscribes to changes.
    OnRequest,
    /// The server has answered a call, after credentials had been replaced this often.
    AfterResponse { authorizations: u64 },
}

impl Reopen {
    fn allows(self, lost: &LostStream) -> bool {
        match self {
            Self::OnRequest => true,
            Self::AfterResponse { authorizations } => match lost.loss {
                Loss::Interrupted => true,
                Loss::Unauthorized => authorizations != lost.authorizations,
                Loss::Refused => false,
            },
        }
    }
}

impl StreamState {
    /// Replaces the task by one that `spawn` starts with its number.
    pub(super) fn start(&self, spawn: impl FnOnce(u64) -> AbortHandle) {
        let mut inner = self.0.lock();
        inner.lost = None;
        inner.start(spawn);
    }

    /// As [`StreamState::start`], from where a lost stream ended. False if there is none to open
    /// again.
    pub(super) fn restart(
        &self,
        reopen: Reopen,
        spawn: impl FnOnce(u64, StreamProgress) -> AbortHandle,
    ) -> bool {
        let mut inner = self.0.lock();
        let Some(lost) = inner.lost.take_if(|lost| reopen.allows(lost)) else { return false };
        inner.start(|number| spawn(number, lost.progress));
        true
    }

    /// The task with a number has lost the stream. False if another task has replaced it.
    pub(super) fn lose(
        &self,
        number: u64,
        progress: StreamProgress,
        loss: Loss,
        authorizations: u64,
    ) -> bool {
        let mut inner = self.0.lock();
        if inner.number != number {
            return false;
        }
        inner.lost = Some(LostStream { progress, loss, authorizations });
        true
    }

    /// Ends the task. Another one may start.
    pub(super) fn end(&self) {
        self.0.lock().end();
    }

    /// Ends the task, and starts no other one.
    pub(super) fn stop(&self) {
        let mut inner = self.0.lock();
        inner.is_stopped = true;
        inner.end();
    }
}

impl Inner {
    fn end(&mut self) {
        self.number += 1;
        self.lost = None;
        if let Some(task) = self.task.take() {
            task.abort();
        }
    }

    fn start(&mut self, spawn: impl FnOnce(u64) -> AbortHandle) {
        if self.is_stopped {
            return;
        }
        self.number += 1;
        let task = spawn(self.number);
        if let Some(before) = self.task.replace(task) {
            before.abort();
        }
    }
}
