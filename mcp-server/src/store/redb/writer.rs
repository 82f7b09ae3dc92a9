//! The thread that writes.
//!
//! It takes all requests that wait, and those that arrive meanwhile, applies them in one
//! transaction, and answers them when the transaction is on the disk. So writers that run at the
//! same time share the time that the disk takes for a commit.

use std::sync::Arc;

use redb::Durability;
use tokio::sync::{mpsc, oneshot};

use super::batch::{Batch, Finished};
use super::failure::{Failure, describe};
use super::file::OpenFile;
use crate::store::feed::Feed;
use crate::store::leases::Leases;
use crate::store::task::{StoreError, TaskChange};

/// Number of requests that wait for the thread; further callers wait until there is space. Fixed:
/// it is many times the number that keeps the disk busy.
pub(super) const QUEUE_CAPACITY: usize = 1024;

/// The size of the requests from which on a transaction takes no more of them, in bytes. Fixed: it
/// bounds the memory and the time of a transaction, and is far more than a commit costs.
const BATCH_BYTES: usize = 8 << 20;

/// Sends the result of an operation, or the reason why its transaction failed.
type Answer = Box<dyn FnOnce(Result<(), &str>)>;

/// Runs an operation, or answers that the transaction has failed already. The second value is the
/// reason if the operation makes the transaction fail.
type Run = Box<dyn FnOnce(Result<&mut Batch<'_>, &str>) -> (Answer, Option<String>) + Send>;

/// A write that waits for the thread.
pub(super) struct Request {
    bytes: usize,
    run: Run,
}

impl Request {
    /// Creates a request, and the receiver of its result. `bytes` is its approximate size.
    pub(super) fn new<T: Send + 'static>(
        bytes: usize,
        operation: impl FnOnce(&mut Batch<'_>) -> Result<T, Failure> + Send + 'static,
    ) -> (Self, oneshot::Receiver<Result<T, StoreError>>) {
        let (reply, receiver) = oneshot::channel();
        let run = move |batch: Result<&mut Batch<'_>, &str>| {
            let mut failure = None;
            let result = match batch.map(operation) {
                Ok(Ok(value)) => Ok(value),
                Ok(Err(Failure::Refused(error))) => Err(error),
                Ok(Err(Failure::Database(error))) => {
                    let reason = failure.insert(describe(&error));
                    Err(StoreError::unavailable(reason))
                }
                Err(reason) => Err(StoreError::unavailable(reason)),
            };
            let answer = move |committed: Result<(), &str>| {
                // Fails if the caller has gone.
                drop(reply.send(committed.map_err(StoreError::unavailable).and(result)));
            };
            (Box::new(answer) as Answer, failure)
        };
        (Self { bytes, run: Box::new(run) }, receiver)
    }
}

/// The state of the thread.
pub(super) struct Writer {
    pub(super) file: Arc<OpenFile>,
    pub(super) leases: Leases,
    pub(super) feed: Feed<TaskChange>,
    pub(super) max_bytes: u64,
}

impl Writer {
    /// Writes until all senders of requests are dropped and no request waits.
    pub(super) fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let requests = &mut requests;
            self.write(Waiting { first: Some(first), requests, bytes: 0, count: 0 });
        }
    }

    /// Applies requests in one transaction, and answers them.
    fn write(&mut self, mut requests: Waiting<'_>) {
        let mut answers = Vec::new();
        let committed = self.commit(&mut requests, &mut answers);
        let committed = committed.as_ref().map(drop).map_err(String::as_str);
        if let Err(reason) = committed {
            answers.extend(requests.map(|request| (request.run)(Err(reason)).0));
        }
        answers.into_iter().for_each(|answer| answer(committed));
    }

    /// Applies requests until one makes the transaction fail, and commits.
    fn commit(
        &mut self,
        requests: &mut impl Iterator<Item = Request>,
        answers: &mut Vec<Answer>,
    ) -> Result<(), String> {
        let database = &self.file.database;
        let mut transaction = database.begin_write().map_err(|error| describe(&error.into()))?;
        let leases = &mut self.leases;
        let mut batch = Batch::begin(&transaction, leases, self.max_bytes).map_err(reason)?;
        let mut failure = None;
        for request in requests {
            let (answer, failed) = (request.run)(Ok(&mut batch));
            answers.push(answer);
            failure = failed;
            if failure.is_some() {
                break;
            }
        }
        let failure = failure.or_else(|| batch.write_totals().err().map(reason));
        let Finished { changes, changed_leases, has_written, is_durable } = batch.finish();
        let result = match failure {
            Some(reason) => Err(reason),
            // Nothing waits for the disk if nothing has changed.
            None if !has_written => Ok(()),
            None => {
                if !is_durable {
                    // The next transaction that has to be on the disk takes it there. It fails only
                    // with savepoints, which are not used.
                    drop(transaction.set_durability(Durability::None));
                }
                transaction.commit().map_err(|error| describe(&error.into()))
            }
        };
        if result.is_ok() {
            changes.iter().for_each(|change| report(&self.feed, change));
        } else {
            for (id, end) in changed_leases.into_iter().rev() {
                self.leases.set(&id, end);
            }
        }
        result
    }
}

/// The requests of one transaction. Those that arrive while earlier ones are applied belong to it,
/// because the callers of the transaction before send their next requests then.
struct Waiting<'a> {
    first: Option<Request>,
    requests: &'a mut mpsc::Receiver<Request>,
    bytes: usize,
    count: usize,
}

impl Iterator for Waiting<'_> {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        if self.bytes >= BATCH_BYTES || self.count >= QUEUE_CAPACITY {
            return None;
        }
        let next = self.first.take().or_else(|| self.requests.try_recv().ok())?;
        self.bytes = self.bytes.saturating_add(next.bytes);
        self.count += 1;
        Some(next)
    }
}

fn report(feed: &Feed<TaskChange>, change: &TaskChange) {
    match change {
        TaskChange::Changed { id, version, state } => feed.changed(id, *version, *state),
        TaskChange::Removed { id } => feed.removed(id),
        TaskChange::Missed => {}
    }
}

fn reason(failure: Failure) -> String {
    match failure {
        Failure::Refused(error) => error.to_string(),
        Failure::Database(error) => describe(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(bytes: usize) -> Request {
        Request::new(bytes, |_| Ok(())).0
    }

    #[test]
    fn requests_that_arrive_while_others_are_applied_belong_to_their_transaction() {
        let (sender, mut requests) = mpsc::channel(QUEUE_CAPACITY + 1);
        let first = Some(request(1));
        let mut waiting = Waiting { first, requests: &mut requests, bytes: 0, count: 0 };
        assert!(waiting.next().is_some());
        sender.try_send(request(1)).unwrap();
        assert!(waiting.next().is_some());
        assert!(waiting.next().is_none());
        sender.try_send(request(BATCH_BYTES)).unwrap();
        assert!(waiting.next().is_some());
        // The transaction is large enough.
        sender.try_send(request(1)).unwrap();
        assert!(waiting.next().is_none());

        for _ in 0..QUEUE_CAPACITY {
            sender.try_send(request(0)).unwrap();
        }
        let waiting = Waiting { first: None, requests: &mut requests, bytes: 0, count: 0 };
        assert_eq!(waiting.count(), QUEUE_CAPACITY);
    }
}
