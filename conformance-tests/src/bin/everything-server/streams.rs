//! Tools that close their stream before they answer (SEP-1699): the client reconnects for the rest.

use std::time::Duration;

use mcp_server::types::LoggingLevel;
use mcp_server::{Context, tools};
use tokio::time::sleep;

/// When the client is to reconnect.
const RETRY: Duration = Duration::from_millis(50);

/// How long a client takes to be back.
const RECONNECTED: Duration = Duration::from_millis(150);

pub(crate) struct Streams;

#[tools]
impl Streams {
    /// Closes its stream before it answers.
    #[tool]
    async fn test_reconnection(&self, ctx: &Context) -> &'static str {
        ctx.close_stream(RETRY);
        sleep(2 * RETRY).await;
        "Reconnection test completed"
    }

    /// Logs once, closes its stream, and logs twice.
    #[tool]
    async fn test_event_replay(&self, ctx: &Context) -> &'static str {
        ctx.log(LoggingLevel::Info, "notification1").await;
        ctx.close_stream(RETRY);
        ctx.log(LoggingLevel::Info, "notification2").await;
        ctx.log(LoggingLevel::Info, "notification3").await;
        sleep(2 * RETRY).await;
        "Event replay test completed"
    }

    /// Logs and closes its stream at each checkpoint.
    #[tool]
    async fn test_multiple_reconnections(
        &self,
        ctx: &Context,
        /** how often, from 1 to 10 */
        #[arg(default = 3)]
        checkpoints: u32,
    ) -> Result<String, String> {
        if !(1..=10).contains(&checkpoints) {
            return Err(format!("checkpoints is {checkpoints}; it must be from 1 to 10"));
        }
        for checkpoint in 0..checkpoints {
            ctx.log(LoggingLevel::Info, format!("checkpoint_{checkpoint}")).await;
            ctx.close_stream(RETRY);
            sleep(RECONNECTED).await;
        }
        Ok(format!("Completed {checkpoints} checkpoints"))
    }
}
