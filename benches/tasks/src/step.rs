//! What a step costs.

use std::time::Instant;

use mcp_server::Context;
use mcp_server::task::TaskSupport;
use mcp_server::tool::ToolRoute;

use crate::Error;
use crate::counting::Counting;
use crate::place::Place;
use crate::server_load::{begin, connect};

/// Number of steps of a task.
const STEPS: usize = 100;

/// Number of tasks that run one after the other.
const TASKS: usize = 10;

/// A tool that does so many steps.
fn tool(steps: usize) -> ToolRoute {
    ToolRoute::builder("work").task(TaskSupport::Required).handler(move |ctx: Context| async move {
        let mut sum = 0;
        for number in 0..steps {
            sum += ctx.step("number", async { number }).await;
        }
        sum.to_string()
    })
}

/// Measures the time of a step, in µs, and the number of its writes.
pub(crate) async fn measure(store: &str) -> Result<Vec<f64>, Error> {
    let (without, few) = run(store, 0).await?;
    let (with, many) = run(store, STEPS).await?;
    let steps = (TASKS * STEPS) as f64;
    Ok(vec![(with - without) * 1e6 / steps, (many - few) as f64 / steps])
}

/// Returns the time in seconds, and the number of updates.
async fn run(store: &str, steps: usize) -> Result<(f64, usize), Error> {
    let place = Place::new(store)?;
    let counting = Counting::new(place.open().await?);
    let client = connect(&counting, tool(steps)).await?;
    let task = async || {
        begin(&client).await?;
        counting.one_stopped().await?;
        Ok::<_, Error>(())
    };
    task().await?;
    let (before, start) = (counting.updates(), Instant::now());
    for _ in 0..TASKS {
        task().await?;
    }
    Ok((start.elapsed().as_secs_f64(), counting.updates() - before))
}
