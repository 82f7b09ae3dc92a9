//! Work that is done once for all rounds of a call.

use mcp_core::json::RawJson;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::context::Context;

impl Context {
    /// Does some work and keeps its result for the later rounds of this call, so that what came
    /// before a question is not done again when the answer arrives.
    ///
    /// On revisions since 2026-07-28 a handler runs from its beginning in each round of questions.
    /// The results of its steps travel in the sealed `requestState`: keep them small, and the same
    /// in every version of the server that may meet them (one that cannot be read is made again).
    /// On older revisions a handler waits where it asks, so the work is just done.
    ///
    /// *This is no guarantee that the work is done at most once.* A client may send an older state
    /// again, or send the call anew. What must not happen twice (a payment, a message) needs a key
    /// of its own in the system that does it, checked there; or [`ServerBuilder::state_single_use`](crate::ServerBuilder::state_single_use)
    /// against replayed states. Ask before such work, not after it.
    ///
    /// ```
    /// # use mcp_server::{Context, Elicit};
    /// # use mcp_server::input::AskError;
    /// # #[derive(serde::Deserialize, Elicit)] struct Sure { sure: bool }
    /// # async fn quote(item: &str) -> u32 { 3 }
    /// async fn order(ctx: &Context, item: String) -> Result<String, AskError> {
    ///     let price: u32 = ctx.step("quote", quote(&item)).await;
    ///     let Sure { sure } = ctx.elicit(format!("Order {item} for {price}?")).await?;
    ///     Ok(if sure { format!("Ordered for {price}.") } else { "As you like.".into() })
    /// }
    /// ```
    ///
    /// A key that is used again in one call (in a loop) gets a number. Cancel safe: work that was
    /// dropped before its end is done again.
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

    /// As [`Context::step`], for work that can fail: only success is kept, so a failed step is
    /// tried again in the next round.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn try_step<T, E, F>(&self, key: &str, work: F) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, E>>,
    {
        if !(self.rules().input_required && self.call().questions.by_result) {
            return work.await;
        }
        let (key, kept) = {
            let mut state = self.call().questions.round().lock();
            let key = state.step_key(key);
            let kept = state.journal.step(&key).cloned();
            (key, kept)
        };
        match kept.map(|kept| kept.parse()) {
            Some(Ok(value)) => return Ok(value),
            Some(Err(error)) => {
                tracing::warn!(key, %error, "the result of a step cannot be read; it is done again");
            }
            None => {}
        }
        let value = work.await?;
        match RawJson::new(&value) {
            Ok(kept) => {
                let steps = &mut self.call().questions.round().lock().journal.steps;
                steps.retain(|(other, _)| *other != key);
                steps.push((key, kept));
            }
            Err(error) => tracing::warn!(key, %error, "the result of a step cannot be kept"),
        }
        Ok(value)
    }
}
