//! The stream of a call that another instance runs, as it is read here.
//!
//! The events are in the store that instances share, where this one looks for more of them. If the
//! other instance ends before the call does, there will be no answer, so the requests fail.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use mcp_core::jsonrpc::{ErrorObject, RequestId, code, write_error};
use mcp_core::service::BoxFuture;
use tokio::time::{Instant, sleep};

use super::kept::{Kept, Replay};
use super::stream::{EventStream, Reader};
use crate::fleet::Fleet;
use crate::http::HttpLimits;
use crate::instance::InstanceId;
use crate::store::{ReplayError, StoredEvent};

/// Shortest time between two looks. Fixed: a store has other work.
const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// A reader of a stream that another instance writes, and what fills it while it is read.
pub(super) fn follow(
    kept: Kept,
    replay: Replay,
    writer: InstanceId,
    fleet: &Arc<Fleet>,
    limits: &HttpLimits,
) -> Option<(Reader, BoxFuture<'static, ()>)> {
    let stream = EventStream::new(Some(kept.clone()), &[], limits);
    let reader = stream.attach()?;
    let follower = Follower {
        kept,
        stream,
        writer,
        fleet: Arc::clone(fleet),
        interval: limits.stream_follow_interval.max(MIN_INTERVAL),
        check_interval: limits.instance_timeout / 3,
    };
    Some((reader, Box::pin(follower.run(replay))))
}

struct Follower {
    kept: Kept,
    stream: Arc<EventStream>,
    writer: InstanceId,
    fleet: Arc<Fleet>,
    interval: Duration,
    /// Time between two looks whether the other instance is alive.
    check_interval: Duration,
}

impl Follower {
    async fn run(self, mut replay: Replay) {
        let mut requests = std::mem::take(&mut replay.requests);
        let mut next_check = Instant::now();
        let mut is_suspected = false;
        loop {
            for event in std::mem::take(&mut replay.events) {
                self.stream.relay(event).await;
            }
            if replay.has_ended {
                return self.stream.end();
            }
            let mut is_dead = false;
            if Instant::now() >= next_check {
                let is_alive = self.fleet.is_alive(self.writer).await;
                // An instance that has just started may not have announced itself yet.
                is_dead = !is_alive && is_suspected;
                is_suspected = !is_alive;
                let pause = if is_suspected { self.interval } else { self.check_interval };
                next_check = Instant::now() + pause;
            }
            if !is_dead {
                sleep(self.interval).await;
            }
            match self.kept.after(replay.position).await {
                Ok(next) => replay = next,
                Err(ReplayError::Store(error)) => {
                    tracing::warn!(error, "a stream of another instance was not read");
                    continue;
                }
                // The session has ended, or what this reader needs was dropped.
                Err(ReplayError::Unknown | ReplayError::Gap) => return self.stream.end(),
            }
            requests.append(&mut replay.requests);
            if is_dead && replay.events.is_empty() && !replay.has_ended {
                return self.fail(replay.position, &requests).await;
            }
        }
    }

    /// Answers for an instance that cannot.
    async fn fail(&self, position: u64, requests: &[RequestId]) {
        let error = ErrorObject::new(
            code::INTERNAL_ERROR,
            "the server instance that ran this request has ended; whether the request had an \
             effect is not known",
        );
        let mut requests = requests.to_vec();
        if requests.is_empty()
            && let Ok(whole) = self.kept.after(0).await
        {
            requests = whole.requests;
        }
        for (request, sequence) in requests.iter().zip(position + 1..) {
            let mut text = BytesMut::new();
            write_error(&mut text, Some(request), &error);
            self.stream.relay(StoredEvent::new(sequence, text.freeze())).await;
        }
        self.stream.end();
    }
}
