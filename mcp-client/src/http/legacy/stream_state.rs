//! The task that reads the stream of a session, and what is known about it.

use mcp_core::sync::Mutex;
use mcp_core::transport::TransportErrorKind;
use tokio::task::AbortHandle;

use super::session_stream::StreamProgress;

/// The task that reads the stream of a session.
#[derive(Debug, Default)]
pub(super) struct StreamState(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    task: Option<AbortHandle>,
    /// Grows with each task, so that one that was replaced changes nothing any more.
    number: u64,
    given_up: Option<GivenUp>,
    /// The client is closed.
    is_stopped: bool,
}

/// A stream that was given up, and can be opened again.
#[derive(Debug)]
struct GivenUp {
    progress: StreamProgress,
    reason: Reason,
}

/// Why a stream was given up, which says when it can be opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// It was interrupted or refused too often. A response to a call shows that the server can be
    /// reached.
    Interrupted,
    /// It was refused for its credentials, when credentials had been replaced this often. It is
    /// tried again with other ones: a user must not be asked to log in for every call.
    Unauthorized { authorizations: u64 },
    /// It cannot be read, and could not be read another time. A subscription may still try.
    Unreadable,
}

/// Why a stream that was given up is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reopen {
    /// The application subscribes to changes.
    OnRequest,
    /// The server has answered a call, after credentials had been replaced this often.
    AfterResponse { authorizations: u64 },
}

impl StreamState {
    /// Replaces the task by one that `spawn` starts with its number.
    pub(super) fn start(&self, spawn: impl FnOnce(u64) -> AbortHandle) {
        let mut inner = self.0.lock();
        inner.given_up = None;
        inner.start(spawn);
    }

    /// As [`StreamState::start`], from where a stream that was given up ended. False if there is
    /// none to open again.
    pub(super) fn restart(
        &self,
        when: Reopen,
        spawn: impl FnOnce(u64, StreamProgress) -> AbortHandle,
    ) -> bool {
        let mut inner = self.0.lock();
        let may_open = |given_up: &mut GivenUp| match (when, given_up.reason) {
            (Reopen::OnRequest, _) | (_, Reason::Interrupted) => true,
            (
                Reopen::AfterResponse { authorizations },
                Reason::Unauthorized { authorizations: before },
            ) => authorizations != before,
            (Reopen::AfterResponse { .. }, Reason::Unreadable) => false,
        };
        let Some(given_up) = inner.given_up.take_if(may_open) else { return false };
        inner.start(|number| spawn(number, given_up.progress));
        true
    }

    /// The task with a number gives up. False if another one has replaced it.
    pub(super) fn give_up(
        &self,
        number: u64,
        progress: StreamProgress,
        error: TransportErrorKind,
        authorizations: u64,
    ) -> bool {
        let mut inner = self.0.lock();
        if inner.number != number {
            return false;
        }
        let reason = match error {
            TransportErrorKind::Unauthorized => Reason::Unauthorized { authorizations },
            TransportErrorKind::Protocol => Reason::Unreadable,
            _ => Reason::Interrupted,
        };
        inner.given_up = Some(GivenUp { progress, reason });
        true
    }

    /// Ends the task, and starts no other one.
    pub(super) fn stop(&self) {
        let mut inner = self.0.lock();
        inner.is_stopped = true;
        inner.number += 1;
        inner.given_up = None;
        if let Some(task) = inner.task.take() {
            task.abort();
        }
    }
}

impl Inner {
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
