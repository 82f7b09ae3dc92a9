//! Which request asks the questions of a task (2025-11-25).

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use mcp_core::jsonrpc::ErrorObject;
use mcp_core::sync::Mutex;
use tokio::sync::watch;

use crate::shrink::shrink;

/// The requests that ask the questions of tasks, at most one for each task, so that the client is
/// asked once. They are as many as running requests.
#[derive(Debug, Default)]
pub(super) struct Asking(Arc<Askers>);

type Askers = Mutex<HashMap<Arc<str>, watch::Receiver<Option<ErrorObject>>>>;

/// The part of a request: it asks, or waits for the one that does.
#[derive(Debug)]
pub(super) enum Turn {
    Ask(Asker),
    Wait(Waiter),
}

/// Asks the questions of a task, until it is dropped.
#[derive(Debug)]
pub(super) struct Asker {
    id: Arc<str>,
    outcome: watch::Sender<Option<ErrorObject>>,
    askers: Weak<Askers>,
}

/// Waits for the request that asks.
#[derive(Debug)]
pub(super) struct Waiter(watch::Receiver<Option<ErrorObject>>);

impl Asking {
    /// Returns what a request about this task does.
    pub(super) fn turn(&self, id: &Arc<str>) -> Turn {
        let mut askers = self.0.lock();
        if let Some(other) = askers.get(id) {
            return Turn::Wait(Waiter(other.clone()));
        }
        let (outcome, receiver) = watch::channel(None);
        askers.insert(Arc::clone(id), receiver);
        Turn::Ask(Asker { id: Arc::clone(id), outcome, askers: Arc::downgrade(&self.0) })
    }
}

impl Asker {
    /// The client has not answered a question: all requests that wait fail.
    pub(super) fn fail(self, error: &ErrorObject) {
        // Fails if no request waits.
        drop(self.outcome.send(Some(error.clone())));
    }
}

impl Waiter {
    /// Waits until the other request has asked, or is gone.
    ///
    /// # Errors
    /// Why the client has not answered.
    pub(super) async fn wait(mut self) -> Result<(), ErrorObject> {
        // An error means that the other request is gone.
        drop(self.0.changed().await);
        let failure = self.0.borrow().clone();
        failure.map_or(Ok(()), Err)
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        let Some(askers) = self.askers.upgrade() else { return };
        let mut askers = askers.lock();
        askers.remove(&self.id);
        shrink(&mut askers);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use mcp_core::jsonrpc::code;

    use super::*;

    fn turn(asking: &Asking) -> Turn {
        asking.turn(&"a".into())
    }

    #[test]
    fn one_request_asks_and_the_others_wait_for_it() {
        let asking = Asking::default();
        let Turn::Ask(first) = turn(&asking) else { panic!("the first asks") };
        let Turn::Wait(waiter) = turn(&asking) else { panic!("the second waits") };
        assert!(matches!(asking.turn(&"b".into()), Turn::Ask(_)));
        let mut waiting = Box::pin(waiter.wait());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(first);
        assert!(waiting.now_or_never().expect("the first is gone").is_ok());
        let Turn::Ask(second) = turn(&asking) else { panic!("the next asks") };
        let Turn::Wait(waiter) = turn(&asking) else { panic!("the other waits") };
        second.fail(&ErrorObject::new(code::INTERNAL_ERROR, "refused"));
        let error = waiter.wait().now_or_never().expect("an end").unwrap_err();
        assert_eq!(error.message(), "refused");
        assert!(asking.0.lock().is_empty());
    }
}
