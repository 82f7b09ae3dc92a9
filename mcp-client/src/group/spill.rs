//! Results that were too large for a model, until they are read.

use std::collections::VecDeque;
use std::time::Duration;

use mcp_core::deadline::later;
use mcp_core::sync::Mutex;
use mcp_core::types::{ReadResourceResult, ResourceContents, TextResourceContents};
use tokio::time::Instant;

/// The limits of the results that [`ResultBudget::spill`](super::ResultBudget::spill) keeps. When
/// there is no room, the oldest are dropped, those of the same server first.
///
/// ```
/// use mcp_client::group::{ResultBudget, SpillLimits};
///
/// let mut limits = SpillLimits::new();
/// limits.max_results = 16;
/// let budget = ResultBudget::spill_with(32 << 10, limits);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpillLimits {
    /// Maximum number of results that are kept, of all servers together. 256.
    pub max_results: usize,
    /// Maximum size of all results that are kept, in bytes. 64 MiB.
    pub max_total_bytes: usize,
    /// Maximum size of the results of one server that are kept, in bytes; a larger one is refused.
    /// 16 MiB.
    pub max_server_bytes: usize,
    /// Time that a result is kept. 10 minutes.
    pub result_timeout: Duration,
}

impl SpillLimits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_results: 256,
            max_total_bytes: 64 << 20,
            max_server_bytes: 16 << 20,
            result_timeout: Duration::from_secs(600),
        }
    }
}

impl Default for SpillLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// The results that are kept.
pub(super) struct Spill {
    limits: SpillLimits,
    results: Mutex<Results>,
}

#[derive(Default)]
struct Results {
    /// The oldest first.
    kept: VecDeque<Kept>,
    bytes: usize,
    /// How many were kept so far.
    count: u64,
}

struct Kept {
    server: String,
    uri: String,
    text: String,
    mime_type: &'static str,
    until: Instant,
}

impl Spill {
    pub(super) fn new(limits: SpillLimits) -> Self {
        Self { limits, results: Mutex::default() }
    }

    /// Keeps a text of a server. Returns its URI; `None` if it is too large.
    pub(super) fn keep(
        &self,
        server: &str,
        text: String,
        mime_type: &'static str,
    ) -> Option<String> {
        let SpillLimits { max_results, max_total_bytes, max_server_bytes, result_timeout } =
            self.limits;
        if text.len() > max_total_bytes.min(max_server_bytes) || max_results == 0 {
            return None;
        }
        let until = later(Instant::now(), result_timeout);
        let mut results = self.results.lock();
        results.expire(Instant::now());
        results.make_room(server, max_server_bytes - text.len());
        while results.kept.len() >= max_results || results.bytes > max_total_bytes - text.len() {
            results.drop_oldest();
        }
        results.count += 1;
        results.bytes += text.len();
        let uri = format!("group-result:///{server}/{}", results.count);
        let (server, kept_uri) = (server.to_owned(), uri.clone());
        results.kept.push_back(Kept { server, uri: kept_uri, text, mime_type, until });
        Some(uri)
    }

    /// A text that was kept for a server: no other server's results are read by its name.
    pub(super) fn read(&self, server: &str, uri: &str) -> Option<ReadResourceResult> {
        let mut results = self.results.lock();
        results.expire(Instant::now());
        let kept = results.kept.iter().find(|kept| kept.server == server && kept.uri == uri)?;
        let contents = TextResourceContents::new(uri, &*kept.text).mime_type(kept.mime_type);
        Some(ReadResourceResult::new([ResourceContents::Text(contents)]))
    }
}

impl Results {
    fn expire(&mut self, now: Instant) {
        while self.kept.front().is_some_and(|kept| kept.until <= now) {
            self.drop_oldest();
        }
    }

    /// Drops the oldest results of a server until the others of it have at most `max_bytes` bytes.
    fn make_room(&mut self, server: &str, max_bytes: usize) {
        let of_server = |kept: &&Kept| kept.server == server;
        let mut own: usize = self.kept.iter().filter(of_server).map(|kept| kept.text.len()).sum();
        self.kept.retain(|kept| {
            let stays = kept.server != server || own <= max_bytes;
            if !stays {
                own -= kept.text.len();
                self.bytes -= kept.text.len();
            }
            stays
        });
    }

    fn drop_oldest(&mut self) {
        if let Some(kept) = self.kept.pop_front() {
            self.bytes -= kept.text.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spill(limits: SpillLimits) -> impl Fn(usize) -> Option<String> + use<> {
        let spill = std::sync::Arc::new(Spill::new(limits));
        move |bytes| {
            let uri = spill.keep("s", "x".repeat(bytes), "text/plain")?;
            assert!(spill.read("s", &uri).is_some());
            assert!(spill.read("t", &uri).is_none(), "it belongs to another server");
            Some(uri)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_results_are_dropped_when_there_is_no_room() {
        let limits = SpillLimits { max_results: 2, max_total_bytes: 100, ..SpillLimits::new() };
        let spill = Spill::new(limits);
        let keep = |bytes| spill.keep("s", "x".repeat(bytes), "text/plain");
        assert_eq!(keep(101), None, "larger than all that may be kept");
        let uris = [keep(10).unwrap(), keep(10).unwrap(), keep(10).unwrap()];
        let there = |uri: &String| spill.read("s", uri).is_some();
        assert_eq!(uris.each_ref().map(there), [false, true, true], "two at most");
        let large = keep(85).unwrap();
        assert!(there(&large) && there(&uris[2]), "95 bytes fit");
        let whole = keep(100).unwrap();
        assert!(there(&whole) && !there(&large));
    }

    #[tokio::test(start_paused = true)]
    async fn the_bytes_of_one_server_have_a_limit_of_their_own() {
        let limits = SpillLimits { max_server_bytes: 50, ..SpillLimits::new() };
        let spill = Spill::new(limits);
        let keep = |server, bytes| spill.keep(server, "x".repeat(bytes), "text/plain");
        assert_eq!(keep("s", 51), None, "larger than what may be kept of a server");
        let quiet = keep("quiet", 10).unwrap();
        let uris = [20, 20, 20].map(|bytes| keep("s", bytes).unwrap());
        let there = |uri: &String| spill.read("s", uri).is_some();
        assert_eq!(uris.each_ref().map(there), [false, true, true]);
        assert!(spill.read("quiet", &quiet).is_some());
        assert_eq!(spill.results.lock().bytes, 50);
    }

    #[tokio::test(start_paused = true)]
    async fn a_result_is_kept_for_its_time() {
        let keep = spill(SpillLimits::new());
        keep(10).unwrap();
        let spill = Spill::new(SpillLimits::new());
        let uri = spill.keep("s", "x".to_owned(), "text/plain").unwrap();
        tokio::time::advance(Duration::from_secs(599)).await;
        assert!(spill.read("s", &uri).is_some());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(spill.read("s", &uri).is_none());
        assert_eq!(spill.results.lock().bytes, 0);
    }
}
