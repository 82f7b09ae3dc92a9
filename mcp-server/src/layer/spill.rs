//! Results that were too large to be sent, until their caller reads them.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::deadline::later;
use mcp_core::sync::Mutex;
use tokio::time::Instant;

use super::caller::Caller;
use crate::seal;

/// The start of the URI of a result.
const URI_START: &str = "mcp-result:///";

/// The limits of the results that [`ResponseSizeLayer`](super::ResponseSizeLayer) keeps.
/// `docs/limits.md` lists all defaults.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SpillLimits {
    /// Maximum number of results that are kept. 1,024.
    pub max_results: usize,
    /// Maximum size of all results that are kept, in bytes. 64 MiB.
    pub max_total_bytes: usize,
    /// Maximum size of the results that are kept for one caller, in bytes; the oldest are dropped.
    /// 16 MiB.
    pub max_caller_bytes: usize,
    /// Time that a result is kept. 10 minutes.
    pub result_timeout: Duration,
}

impl Default for SpillLimits {
    fn default() -> Self {
        Self {
            max_results: 1_024,
            max_total_bytes: 64 << 20,
            max_caller_bytes: 16 << 20,
            result_timeout: Duration::from_secs(600),
        }
    }
}

impl SpillLimits {
    /// Creates the default limits.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

/// The results that are kept.
#[derive(Debug)]
pub(super) struct Spill {
    limits: SpillLimits,
    results: Mutex<Results>,
}

#[derive(Debug, Default)]
struct Results {
    by_uri: HashMap<Box<str>, Kept>,
    /// In the order in which they expire.
    order: VecDeque<(Instant, Box<str>)>,
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    owner: Arc<Caller>,
    text: Text,
}

/// The text of a result.
#[derive(Debug, Clone)]
pub(super) struct Text {
    pub(super) text: Arc<str>,
    pub(super) mime_type: &'static str,
}

impl Spill {
    pub(super) fn new(limits: SpillLimits) -> Self {
        Self { limits, results: Mutex::default() }
    }

    /// Keeps a text for its owner. Returns its URI; `None` if there is no room.
    pub(super) fn keep(&self, owner: Caller, text: Text) -> Option<String> {
        let SpillLimits { max_results, max_total_bytes, max_caller_bytes, result_timeout } =
            self.limits;
        let bytes = text.text.len();
        if bytes > max_caller_bytes {
            return None;
        }
        let mut uri = URI_START.to_owned();
        for byte in seal::random::<16>().ok()? {
            // Writing to a text cannot fail.
            let _ = write!(uri, "{byte:02x}");
        }
        let mut results = self.results.lock();
        let now = Instant::now();
        results.expire(now);
        results.make_room(&owner, max_caller_bytes - bytes);
        if results.by_uri.len() >= max_results || results.bytes + bytes > max_total_bytes {
            return None;
        }
        results.bytes += bytes;
        results.order.push_back((later(now, result_timeout), uri.as_str().into()));
        results.by_uri.insert(uri.as_str().into(), Kept { owner: Arc::new(owner), text });
        Some(uri)
    }

    /// Returns a text, if it is kept for this caller.
    pub(super) fn read(&self, uri: &str, caller: impl FnOnce() -> Caller) -> Option<Text> {
        if !uri.starts_with(URI_START) {
            return None;
        }
        let caller = caller();
        let mut results = self.results.lock();
        results.expire(Instant::now());
        let kept = results.by_uri.get(uri)?;
        (*kept.owner == caller).then(|| kept.text.clone())
    }
}

impl Results {
    fn expire(&mut self, now: Instant) {
        while self.order.front().is_some_and(|(expires_at, _)| *expires_at <= now) {
            if let Some((_, uri)) = self.order.pop_front() {
                self.remove(&uri);
            }
        }
    }

    /// Drops the oldest results of an owner until the others have at most `max_bytes` bytes.
    fn make_room(&mut self, owner: &Caller, max_bytes: usize) {
        let is_own = |kept: &&Kept| *kept.owner == *owner;
        let mut own: usize = self.by_uri.values().filter(is_own).map(Kept::bytes).sum();
        let mut order = std::mem::take(&mut self.order);
        order.retain(|(_, uri)| {
            let Some(kept) = self.by_uri.get(uri).filter(|_| own > max_bytes) else { return true };
            if *kept.owner != *owner {
                return true;
            }
            own -= kept.bytes();
            self.remove(uri);
            false
        });
        self.order = order;
    }

    fn remove(&mut self, uri: &str) {
        if let Some(kept) = self.by_uri.remove(uri) {
            self.bytes -= kept.bytes();
        }
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        self.text.text.len()
    }
}
