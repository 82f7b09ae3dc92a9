//! Calls whose questions the caller answers: no handler is asked, and no round is sent without the caller. What
//! waits for answers can be kept for later, also for another process. Spec: basic/patterns/mrtr.

use std::fmt;
use std::future::IntoFuture;

use bytes::Bytes;
use mcp_core::json::JsonObject;
use mcp_core::meta::Meta;
use mcp_core::service::BoxFuture;
use mcp_core::types::{InputRequiredResult, InputResponses, LoggingLevel};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Call, Options, decode};
use crate::client::Client;
use crate::era::input_required::{METHODS, Round, retry, send};
use crate::error::{Error, ErrorKind};
use crate::params::Params;
use crate::request::Patience;

/// A request that is sent once: awaiting it gives the result or the server's questions.
#[must_use = "a call does nothing until it is awaited"]
pub struct CallOnce<T> {
    call: Call<T>,
    /// The params of the first round.
    base: Option<Bytes>,
}

/// How a call went that was sent once.
#[derive(Debug)]
pub enum Outcome<T> {
    /// The result.
    Complete(T),
    /// The server asks for input.
    InputRequired(PendingInput<T>),
}

/// Questions of the server, and the way to go on.
///
/// To go on later, or in another process, keep [`PendingInput::save`] and give it to [`Client::restore`].
pub struct PendingInput<T> {
    /// What the server asks.
    pub asked: InputRequiredResult,
    client: Client,
    method: &'static str,
    base: Bytes,
    options: Options,
    result: std::marker::PhantomData<fn() -> T>,
}

impl<T> CallOnce<T> {
    pub(super) fn new(call: Call<T>) -> Self {
        Self { call, base: None }
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for CallOnce<T> {
    type Output = Result<Outcome<T>, Error>;
    type IntoFuture = BoxFuture<'static, Result<Outcome<T>, Error>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Call { client, method, params, mut options, result } = self.call;
            let mut patience = Patience::begin(options.timeouts);
            let (round, sent) = send(&client, method, params?, &mut options, &mut patience).await?;
            Ok(match round {
                Round::Complete(result) => Outcome::Complete(decode(method, &result)?),
                Round::InputRequired(asked) => {
                    let base = self.base.unwrap_or(sent);
                    Outcome::InputRequired(PendingInput {
                        asked: *asked,
                        client,
                        method,
                        base,
                        options,
                        result,
                    })
                }
            })
        })
    }
}

/// A call that waits for answers, to be written down: by [`PendingInput::save`], for [`Client::restore`].
///
/// It holds the arguments of the call and the server's state, which may tell of the user: keep it as you keep these.
/// It belongs to the server that asked, and the server's state may expire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedInput {
    /// What the server asks, and its state.
    pub asked: InputRequiredResult,
    method: String,
    /// The params of the first round as JSON text, so that whatever keeps them keeps each byte.
    params: String,
    revision: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_level: Option<LoggingLevel>,
}

impl SavedInput {
    /// The method of the call.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The revision that was spoken.
    #[must_use]
    pub fn revision(&self) -> &str {
        &self.revision
    }
}

/// Makes a saved call one that waits for answers again.
pub(crate) fn restore<T>(client: &Client, saved: SavedInput) -> Result<PendingInput<T>, Error> {
    let SavedInput { asked, method, params, revision, meta, log_level } = saved;
    let ours = client.revision();
    if revision != ours.as_str() {
        let theirs: String = revision.chars().take(32).collect();
        let message = format!(
            "the call was begun in revision {theirs}, and the server speaks {ours} now; begin it anew"
        );
        return Err(Error::new(ErrorKind::UnsupportedVersion, message));
    }
    let invalid = |reason: String| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("the saved call cannot be gone on with: {reason}"),
        )
    };
    let method = METHODS.into_iter().find(|known| *known == method).ok_or_else(|| {
        let method: String = method.chars().take(64).collect();
        invalid(format!("{method:?} is no method that asks for input"))
    })?;
    let members: JsonObject = serde_json::from_str(&params)
        .map_err(|error| invalid(format!("its params are no JSON object: {error}")))?;
    for ours in ["_meta", "inputResponses", "requestState"] {
        if members.contains_key(ours) {
            return Err(invalid(format!(
                "its params have a member {ours:?}, which only a client adds"
            )));
        }
    }
    let base = params.trim();
    let base = base.strip_suffix('}').map_or(base, str::trim_end);
    let mut options = Options::new(client.timeouts());
    options.meta = meta;
    options.log_level = log_level;
    Ok(PendingInput {
        asked,
        client: client.clone(),
        method,
        base: Bytes::copy_from_slice(if members.is_empty() { b"{" } else { base.as_bytes() }),
        options,
        result: std::marker::PhantomData,
    })
}

impl<T> PendingInput<T> {
    /// What is needed to go on later, or in another process. Timeouts and the closure for progress are not kept.
    #[must_use]
    pub fn save(&self) -> SavedInput {
        SavedInput {
            asked: self.asked.clone(),
            method: self.method.to_owned(),
            params: String::from_utf8_lossy(&self.base).into_owned() + "}",
            revision: self.client.revision().as_str().to_owned(),
            meta: self.options.meta.clone(),
            log_level: self.options.log_level,
        }
    }

    /// Sends the request again with the answers, and with the server's state exactly as it came.
    pub fn resume(self, responses: InputResponses) -> CallOnce<T> {
        let responses =
            (!responses.is_empty() || self.asked.input_requests.is_some()).then_some(&responses);
        let params: Result<Params, Error> =
            retry(&self.base, responses, self.asked.request_state.as_deref());
        CallOnce {
            call: Call {
                client: self.client,
                method: self.method,
                params,
                options: self.options,
                result: self.result,
            },
            base: Some(self.base),
        }
    }
}

impl<T> fmt::Debug for CallOnce<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CallOnce").field(&self.call).finish()
    }
}

impl<T> fmt::Debug for PendingInput<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingInput").field("asked", &self.asked).finish_non_exhaustive()
    }
}
