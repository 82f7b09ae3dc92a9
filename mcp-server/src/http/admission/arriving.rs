//! Bodies that are still arriving, and which of them are evicted when the byte limit is reached
//! (THREAT-7).
//!
//! A few peers could fill the limit with bodies that never end, and keep all others out. So a
//! pending upload is evicted when another request needs its memory, largest bytes × age first.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::task::{Context, Poll, Waker};

use mcp_core::sync::Mutex;
use tokio::time::Instant;

use crate::shrink::shrink;

/// The bodies that have not arrived yet.
#[derive(Debug, Default)]
pub(super) struct Arriving(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    bodies: HashMap<u64, Arrival>,
    last: u64,
}

#[derive(Debug)]
struct Arrival {
    since: Instant,
    bytes: usize,
    waker: Option<Waker>,
}

impl Arrival {
    /// Bytes times age.
    fn burden(&self, now: Instant) -> u128 {
        burden(self.bytes, now.saturating_duration_since(self.since).as_millis())
    }
}

fn burden(bytes: usize, millis: u128) -> u128 {
    bytes as u128 * (millis + 1)
}

impl Arriving {
    /// Adds a body of which `bytes` have arrived, and returns its number.
    pub(super) fn add(&self, bytes: usize) -> u64 {
        let mut state = self.0.lock();
        state.last += 1;
        let number = state.last;
        state.bodies.insert(number, Arrival { since: Instant::now(), bytes, waker: None });
        number
    }

    /// Counts more bytes of a body. False when it was evicted.
    pub(super) fn grow(&self, number: u64, bytes: usize) -> bool {
        let mut state = self.0.lock();
        let Some(body) = state.bodies.get_mut(&number) else { return false };
        body.bytes += bytes;
        true
    }

    /// Removes a body that has arrived or is given up, and returns its bytes; `None` when it was
    /// evicted.
    pub(super) fn remove(&self, number: u64) -> Option<usize> {
        let mut state = self.0.lock();
        let body = state.bodies.remove(&number)?;
        shrink(&mut state.bodies);
        Some(body.bytes)
    }

    /// Ready once the body is evicted.
    pub(super) fn poll_displaced(&self, number: u64, cx: &Context<'_>) -> Poll<()> {
        match self.0.lock().bodies.get_mut(&number) {
            Some(body) => {
                match &mut body.waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    none => *none = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }

    /// Evicts bodies for `wanted` bytes of a body that has `bytes`, and a number if it is one of
    /// these. Returns the bytes that were freed.
    ///
    /// Only greater burdens are evicted, and only if that is enough.
    pub(super) fn evict(&self, wanted: usize, number: Option<u64>, bytes: usize) -> usize {
        let now = Instant::now();
        let mut state = self.0.lock();
        let own = number.and_then(|number| state.bodies.get(&number));
        let own = own.map_or_else(|| burden(bytes, 0), |body| body.burden(now));
        let mut greater: Vec<_> = (state.bodies.iter())
            .map(|(number, body)| (body.burden(now), *number, body.bytes))
            .filter(|(burden, ..)| *burden > own)
            .collect();
        if greater.iter().map(|(.., bytes)| bytes).sum::<usize>() < wanted {
            return 0;
        }
        greater.sort_unstable_by_key(|(burden, ..)| Reverse(*burden));
        let (mut freed, mut displaced) = (0, Vec::new());
        for (_, number, _) in greater {
            if freed >= wanted {
                break;
            }
            if let Some(body) = state.bodies.remove(&number) {
                freed += body.bytes;
                displaced.push(body);
            }
        }
        shrink(&mut state.bodies);
        drop(state);
        tracing::debug!(bodies = displaced.len(), bytes = freed, "evicted pending request bodies");
        for waker in displaced.into_iter().filter_map(|body| body.waker) {
            waker.wake();
        }
        freed
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.lock().bodies.len()
    }
}
