//! Cancels a call when the host says so, with a reason that reaches the server.

use std::pin::pin;

use mcp_core::jsonrpc::MethodName;
use mcp_core::service::{BoxFuture, CancelReason};

use super::Options;
use crate::error::Error;

/// What cancels a call.
pub(super) struct Cancel {
    when: Option<BoxFuture<'static, String>>,
    reason: Option<CancelReason>,
}

impl Cancel {
    /// Takes it from the options of a call.
    pub(super) fn take(options: &mut Options) -> Self {
        Self { when: options.cancel.take(), reason: options.cancel_reason.clone() }
    }

    /// Gives it back, for the next round.
    pub(super) fn give_back(self, options: &mut Options) {
        options.cancel = self.when;
    }

    /// Waits for a call, unless it is cancelled before.
    pub(super) async fn or_done<T>(
        &mut self,
        method: &MethodName,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut work = pin!(work);
        let Some(when) = &mut self.when else { return work.await };
        tokio::select! {
            biased; // What is cancelled before it begins is not sent.
            reason = when => {
                self.when = None;
                let error = Error::cancelled(method.clone(), &reason);
                // Before the call is dropped, which cancels it.
                if let Some(place) = &self.reason {
                    place.set(reason);
                }
                Err(error)
            }
            done = &mut work => done,
        }
    }
}
