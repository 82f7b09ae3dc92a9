//! Work that runs once in all rounds of a call.

use mcp_core::json::RawJson;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;

impl Context {
    /// Does some work and keeps its result for the later rounds of this call, so that work before a
    /// question does not run again when the answer arrives.
    ///
    /// Since revision 2026-07-28, a handler runs from its beginning in each round. The results of
    /// its steps are stored in the sealed `requestState`: keep them small, and compatible between
    /// the versions of the server that may read them (a step whose result cannot be decoded runs
    /// again). In older revisions a handler waits for its answers, so the work simply runs.
    ///
    /// *This does not guarantee that the work runs at most once.* A client may send an older state
    /// again, or start the call again. Work that must not run twice (a payment, a message) needs an
    /// idempotency key that the executing system checks, or
    /// [`ServerBuilder::state_single_use`](crate::ServerBuilder::state_single_use) against replayed
    /// states. Ask before such work, not after it.
    ///
    /// ```
    /// # use mcp_server::{Context, Elicit};
    /// # use mcp_server::input::AskError;
    /// # #[derive(serde::Deserialize, Elicit)] struct Sure { sure: bool }
    /// # async fn quote(item: &str) -> u32 { 3 }
    /// async fn order(ctx: &Context, item: String) -> Result<String, AskError> {
    ///     let price: u32 = ctx.step("quote", quote(&item)).await;
    ///     let Sure { sure } = ctx.elicit(format!("Order {item} for {price}?")).await?;
    ///     Ok(if sure { format!("Ordered for {price}.") } else { "Not ordered.".into() })
    /// }
    /// ```
    ///
    /// A key that is used repeatedly in one call, as in a loop, is numbered.
    ///
    /// Cancel safety: work that was dropped before its end runs again.
    pub async fn step<T, F>(&self, key: &str, work: F) -> T
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = T>,
    {
        match self.try_step(key, async { Ok::<T, std::convert::Infallible>(work.await) }).await {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// Does some work that can fail, like [`Context::step`]. Only success is kept, so a failed step
    /// runs again in the next round.
    ///
    /// ```
    /// # use mcp_server::input::AskError;
    /// # use mcp_server::{Context, Elicit, ToolError, tool};
    /// # #[derive(serde::Deserialize, Elicit)] struct Sure { sure: bool }
    /// # async fn reserve(_: &str) -> Result<u64, std::io::Error> { Ok(7) }
    /// /// Book a seat.
    /// #[tool]
    /// async fn book(seat: String, ctx: &Context) -> Result<String, ToolError> {
    ///     // Reserved once. If it fails, the call fails, and the next one tries again.
    ///     let reservation: u64 = ctx.try_step("reserve", reserve(&seat)).await?;
    ///     let Sure { sure } = ctx.elicit(format!("Book {seat}?")).await?;
    ///     Ok(if sure { format!("booked {seat} as {reservation}") } else { "not booked".to_owned() })
    /// }
    /// ```
    ///
    /// # Errors
    /// Those of the work.
    pub async fn try_step<T, E, F>(&self, key: &str, work: F) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, E>>,
    {
        if !self.call().keeps_journal() {
            return work.await;
        }
        let (key, kept) = {
            let mut state = self.call().questions.round().lock();
            let key = state.step_key(key);
            let kept = state.journal.steps.get(&key).cloned();
            (key, kept)
        };
        match kept.map(|kept| kept.parse()) {
            Some(Ok(value)) => return Ok(value),
            Some(Err(error)) => {
                tracing::warn!(key, %error, "the result of a step cannot be decoded; the step runs again");
            }
            None => {}
        }
        let value = work.await?;
        match RawJson::new(&value) {
            Ok(kept) => {
                if let Some(task) = self.call().task() {
                    task.record_step(&key, &kept).await;
                }
                let steps = &mut self.call().questions.round().lock().journal.steps;
                steps.insert(key, kept);
            }
            Err(error) => {
                tracing::warn!(key, %error, "cannot encode the result of a step; it will run again");
            }
        }
        Ok(value)
    }
}
