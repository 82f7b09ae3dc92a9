//! Tools that report while they run, and tools that take time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_server::jsonrpc::ErrorObject;
use mcp_server::types::LoggingLevel;
use mcp_server::{Context, tools};
use serde_json::json;
use tokio::time::sleep;

const PAUSE: Duration = Duration::from_millis(50);

#[derive(Default)]
pub(crate) struct Running {
    /// Number of `slow` handlers that were dropped before they finished.
    dropped: Arc<AtomicUsize>,
}

#[tools]
impl Running {
    /// Sends three log messages.
    #[tool]
    async fn test_tool_with_logging(&self, ctx: &Context) -> &'static str {
        for text in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
            ctx.log(LoggingLevel::Info, text).await;
            sleep(PAUSE).await;
        }
        "Logged three messages."
    }

    /// Logs, if this request asks for logs.
    #[tool]
    async fn test_logging_tool(&self, ctx: &Context) -> &'static str {
        ctx.log(LoggingLevel::Info, "Logged by test_logging_tool").await;
        "Logged if asked to."
    }

    /// Reports progress three times.
    #[tool]
    async fn test_tool_with_progress(&self, ctx: &Context) -> &'static str {
        for done in [0.0, 50.0, 100.0] {
            ctx.progress_with_message(done, 100.0, format!("Completed step {done} of 100")).await;
            // After the last report too: some clients lose progress that arrives with the result.
            sleep(PAUSE).await;
        }
        "Reported progress."
    }

    /// Fails if the client does not support sampling.
    #[tool]
    fn test_missing_capability(&self, ctx: &Context) -> Result<&'static str, ErrorObject> {
        if ctx.can_sample() {
            Ok("The client can sample.")
        } else {
            Err(ErrorObject::missing_capability(&json!({ "sampling": {} })))
        }
    }

    /// Reports progress, then sleeps.
    #[tool]
    async fn slow(
        &self,
        ctx: &Context,
        /** milliseconds */
        ms: u64,
    ) -> String {
        let mut guard = CountDrop { dropped: Arc::clone(&self.dropped), armed: true };
        ctx.progress(0.0, 1.0).await;
        sleep(Duration::from_millis(ms)).await;
        guard.armed = false;
        format!("slept {ms} ms")
    }

    /// Reports progress, sleeps, and reports progress again.
    #[tool]
    async fn test_tool_slow(
        &self,
        ctx: &Context,
        /** milliseconds */
        #[arg(name = "durationMs", default = 5_000)]
        duration_ms: u64,
    ) -> String {
        let duration = Duration::from_millis(duration_ms);
        ctx.progress(0.0, 1.0).await;
        sleep(duration).await;
        ctx.progress(1.0, 1.0).await;
        format!("Slept for {} ms", duration.as_millis())
    }

    /// Returns immediately.
    #[tool]
    fn test_tool_fast(&self) -> &'static str {
        "Fast response"
    }

    /// Greets.
    #[tool]
    fn greet(&self, name: String) -> String {
        format!("Hello, {name}!")
    }

    /// Returns the number of cancelled calls of `slow`.
    #[tool]
    fn cancelled_count(&self) -> String {
        self.dropped.load(Ordering::SeqCst).to_string()
    }
}

struct CountDrop {
    dropped: Arc<AtomicUsize>,
    armed: bool,
}

impl Drop for CountDrop {
    fn drop(&mut self) {
        if self.armed {
            self.dropped.fetch_add(1, Ordering::SeqCst);
        }
    }
}
