//! The memory of tasks that wait.

use std::sync::Arc;

use mcp_server::input::AskError;
use mcp_server::task::TaskSupport;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Elicit};
use mcp_test_support::memory::resident_kib;
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::Error;
use crate::counting::Counting;
use crate::place::Place;
use crate::server_load::{begin, connect};

/// Number of tasks.
const TASKS: usize = 10_000;

#[derive(Deserialize, Elicit)]
struct Decision {
    /// Go on
    goes_on: bool,
}

/// A tool that asks, and is parked.
fn parked() -> ToolRoute {
    ToolRoute::builder("work").task(TaskSupport::Required).handler(|ctx: Context| async move {
        let Decision { goes_on } = ctx.elicit("Go on?").await?;
        Ok::<_, AskError>(goes_on.to_string())
    })
}

/// A tool that waits for ever.
fn running(begun: &Arc<Semaphore>) -> ToolRoute {
    let begun = Arc::clone(begun);
    ToolRoute::builder("work").task(TaskSupport::Required).handler(move || {
        let begun = Arc::clone(&begun);
        async move {
            begun.add_permits(1);
            std::future::pending::<String>().await
        }
    })
}

/// Measures the growth of resident memory by a task, in KiB.
pub(crate) async fn measure(is_parked: bool) -> Result<Vec<f64>, Error> {
    let counting = Counting::new(Place::new("memory")?.open().await?);
    let begun = Arc::new(Semaphore::new(0));
    let tool = if is_parked { parked() } else { running(&begun) };
    let client = connect(&counting, tool).await?;
    let wait = async |count: usize| {
        for _ in 0..count {
            begin(&client).await?;
            match is_parked {
                true => counting.one_stopped().await?,
                false => begun.acquire().await?.forget(),
            }
        }
        Ok::<_, Error>(())
    };
    wait(TASKS / 10).await?;
    let before = resident_kib("self")?;
    wait(TASKS).await?;
    let after = resident_kib("self")?;
    Ok(vec![after.saturating_sub(before) as f64 / TASKS as f64])
}
