//! From a request to its typed result: from the cache, if it has a fresh one, else from the server.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::MethodName;

use super::Options;
use crate::cache::Key;
use crate::client::Client;
#[cfg(feature = "policy")]
use crate::era::input_required::admit;
use crate::era::input_required::{Driven, drive};
use crate::error::Error;
use crate::params::Params;
use crate::task;

/// Reads the text of a result.
pub(super) type Read<T> = fn(&JsonBytes) -> Result<T, serde_json::Error>;

/// Fetches a result and passes it to `accept`. What `accept` refuses is not cached.
pub(super) async fn fetch<T, R>(
    client: &Client,
    method: &MethodName,
    params: Params,
    options: &mut Options,
    read: Read<T>,
    accept: impl FnOnce(&JsonBytes, T) -> Result<R, Error>,
) -> Result<R, Error> {
    let decode = |result: &JsonBytes| decode(method, result, read);
    // What is in the cache must not be used either.
    #[cfg(feature = "policy")]
    admit(client, method, &params, options).await?;
    if !is_cacheable(client, method)
        || !client.revision().rules().cache_fields
        || options.meta.is_some()
    {
        let (result, _) = settle(client, method, params, options).await?;
        return accept(&result, decode(&result)?);
    }
    let cache = &client.wire().inbound.cache;
    let key = Key { method: method.clone(), params: params.key() };
    // Another client of a shared cache may read the same method as another type.
    if !options.fresh
        && let Some(cached) = cache.get(&key)
    {
        let result = client.wire().connection.outbound().reused(method, cached);
        if let Ok(value) = read(&result) {
            return accept(&result, value);
        }
    }
    let requested = cache.generation();
    let (result, is_first) = settle(client, method, params, options).await?;
    let accepted = accept(&result, decode(&result)?)?;
    if is_first {
        // A result that depends on the user's answers is for this call only (MRTR-14).
        cache.put(key, &result, requested);
    }
    Ok(accepted)
}

/// Waits for the complete result, whichever way it comes. Also returns whether it came in the first
/// round.
async fn settle(
    client: &Client,
    method: &MethodName,
    params: Params,
    options: &mut Options,
) -> Result<(JsonBytes, bool), Error> {
    match drive(client, method, params, options).await? {
        Driven::Complete { result, is_first } => Ok((result, is_first)),
        Driven::Task { created, deadlines } => {
            let waiting = task::finish(client, method, &created, options, deadlines);
            Ok((Box::pin(waiting).await?, false))
        }
    }
}

/// Whether results of a method may be cached (CACHE-1, SK-1).
fn is_cacheable(client: &Client, method: &str) -> bool {
    client.wire().methods.find(method).is_some_and(|row| row.cacheable)
}

/// Reads a result as what the caller expects.
pub(super) fn decode<T>(
    method: &MethodName,
    result: &JsonBytes,
    read: Read<T>,
) -> Result<T, Error> {
    read(result).map_err(|error| Error::decode(method.clone(), error, result.as_bytes()))
}
