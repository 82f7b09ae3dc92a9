//! Calls whose questions the caller answers: no handler is asked, and no round is sent without the caller.

use std::fmt;
use std::future::IntoFuture;

use bytes::Bytes;
use mcp_core::service::BoxFuture;
use mcp_core::types::{InputRequiredResult, InputResponses};
use serde::de::DeserializeOwned;

use super::{Call, Options, decode};
use crate::client::Client;
use crate::era::input_required::{Round, retry, send};
use crate::error::Error;
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
/// To go on in another process, keep the params, the answers and `request_state` yourself and send them with
/// [`Client::request`].
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

impl<T> PendingInput<T> {
    /// Sends the request again with the answers, and with the server's state exactly as it came.
    pub fn resume(self, responses: InputResponses) -> CallOnce<T> {
        let responses = (!responses.is_empty() || self.asked.input_requests.is_some()).then_some(&responses);
        let params: Result<Params, Error> = retry(&self.base, responses, self.asked.request_state.as_deref());
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
