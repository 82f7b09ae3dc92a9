//! Typed calls: builders that are awaited.

mod list;
mod once;
mod options;
mod tool;

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use mcp_core::json::JsonBytes;
use mcp_core::meta::Meta;
use mcp_core::method::{Method as _, ToolsList};
use mcp_core::service::BoxFuture;
use mcp_core::types::{LoggingLevel, ProgressParams};
use serde::de::DeserializeOwned;

pub use list::{List, Listed, Listing};
pub(crate) use once::restore;
pub use once::{CallOnce, Outcome, PendingInput, SavedInput};
pub(crate) use options::Options;
pub use tool::ToolReply;

use crate::cache::Key;
use crate::client::Client;
use crate::era::input_required::drive;
use crate::error::Error;
use crate::params::Params;

/// A request that is ready to be sent: awaiting it sends it and gives a `T`.
///
/// Dropping the future before it is done cancels the request on the server.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<T> {
    client: Client,
    method: &'static str,
    params: Result<Params, Error>,
    options: Options,
    result: PhantomData<fn() -> T>,
}

impl<T> Call<T> {
    pub(crate) fn new(
        client: &Client,
        method: &'static str,
        params: Result<Params, Error>,
    ) -> Self {
        let options = Options::new(client.timeouts());
        Self { client: client.clone(), method, params, options, result: PhantomData }
    }

    /// How long the server may be silent. Progress begins the time anew, and time that the server spends
    /// waiting for a handler of this client does not count. Default: that of the client, 60 s.
    pub fn timeout(mut self, idle: Duration) -> Self {
        self.options.timeouts.idle = idle;
        self
    }

    /// How long the whole call may take, questions to the user included. Nothing extends it. Default: that of
    /// the client, 10 minutes.
    pub fn total_timeout(mut self, total: Duration) -> Self {
        self.options.timeouts.total = total;
        self
    }

    /// Asks the server for progress and takes it. Every report begins [`Call::timeout`] anew.
    ///
    /// Reports that come faster than they are taken are dropped. The closure must not block.
    pub fn on_progress(mut self, take: impl FnMut(ProgressParams) + Send + 'static) -> Self {
        self.options.on_progress = Some(Box::new(take));
        self
    }

    /// Asks for log messages of this severity and above while the call runs. Modern servers only; the
    /// messages come in [`Client::log_messages`].
    pub fn log_level(mut self, level: LoggingLevel) -> Self {
        self.options.log_level = Some(level);
        self
    }

    /// Adds to the request's `_meta`. Keys that the client itself writes are left out.
    pub fn meta(mut self, meta: Meta) -> Self {
        self.options.meta = Some(meta);
        self
    }

    /// Asks the server even if a kept result is fresh. Makes a difference to results that may be kept:
    /// lists and `resources/read`.
    pub fn fresh(mut self) -> Self {
        self.options.fresh = true;
        self
    }

    /// Sends the request once and gives the server's questions to the caller, instead of to the handlers.
    pub fn once(self) -> CallOnce<T> {
        CallOnce::new(self)
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Result<T, Error>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let result = obtain(&self.client, self.method, self.params?, &mut self.options).await?;
            decode(self.method, &result)
        })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("method", &self.method).finish_non_exhaustive()
    }
}

/// The result of a request: a kept one if there is a fresh one, else the server's.
pub(crate) async fn obtain(
    client: &Client,
    method: &'static str,
    params: Params,
    options: &mut Options,
) -> Result<JsonBytes, Error> {
    if !is_cacheable(method) || !client.session().is_modern() || options.meta.is_some() {
        return Ok(drive(client, method, params, options).await?.result);
    }
    let cache = &client.wire().inbound.cache;
    let key = Key { method, params: params.key() };
    if !options.fresh
        && let Some(result) = cache.get(&key)
    {
        if method == ToolsList::NAME {
            return Ok(client.wire().connection.learn_tools(result));
        }
        return Ok(result);
    }
    let asked = cache.generation();
    let driven = drive(client, method, params, options).await?;
    if driven.is_first {
        // What came of answers is not for others (MRTR-14).
        cache.put(key, &driven.result, asked);
    }
    Ok(driven.result)
}

/// Whether results of a method may be cached (CACHE-1, SK-1).
fn is_cacheable(method: &str) -> bool {
    mcp_core::method::find(method).is_some_and(|row| row.cacheable)
}

/// Reads a result as what the caller expects.
pub(crate) fn decode<T: DeserializeOwned>(
    method: &'static str,
    result: &JsonBytes,
) -> Result<T, Error> {
    result.parse().map_err(|error| Error::decode(method, error, result.as_bytes()))
}
