//! A call of the legacy era: a POST in a session, whose stream can be gone on with after a cut.
//! Spec: basic/transports of 2025-03-26 to 2025-11-25 (SH-1 … SH-10).

use std::sync::Arc;

use http::{Method, StatusCode};
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::{Reply, Request};
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::time::sleep;

use super::exchange::{
    About, Attempts, Failure, Outgoing, Twice, is_transient, pause_after, renumbered,
};
use super::modern::frame;
use super::reconnect::Reconnect;
use super::reply::Cursor;
use super::session::{INITIALIZE, Session, is_stream};
use super::stack::HttpError;
use super::transport::Shared;

/// What came of sending a call.
enum Attempt {
    Answered(Reply),
    /// The server does not know the session.
    Forgotten,
    /// The connection failed before the answer.
    Cut(HttpError),
}

impl Shared {
    pub(super) async fn call_legacy(self: &Arc<Self>, request: Request) -> Reply {
        let Request { id, method, params, .. } = request;
        if method == INITIALIZE {
            return self.initialize(&id, params).await;
        }
        let mut waiting = CancelOnDrop { shared: self, id: None };
        let reply = self.call_in_session(&id, &method, &params, &mut waiting).await;
        waiting.id = None;
        reply
    }

    async fn call_in_session(
        self: &Arc<Self>,
        id: &RequestId,
        method: &str,
        params: &JsonBytes,
        waiting: &mut CancelOnDrop<'_>,
    ) -> Reply {
        let about = About { method: Some(method), name: None, twice: Twice::of(method, false) };
        if may_ask(method) && self.inbound.handlers.answer_something() {
            // Some servers ask on the stream of the session what they should ask on that of the call, and what they ask
            // before it is open is lost.
            self.listening().await;
        }
        let mut attempts = Attempts::new(self);
        let (mut sent, mut is_renewed) = (0, false);
        loop {
            let id = renumbered(id, sent);
            sent += 1;
            waiting.id = Some(id.clone());
            let session = self.legacy.session();
            let headers = self.headers_in(&session);
            let outgoing =
                Outgoing { method: Method::POST, headers, body: frame(&id, method, params), about };
            let may_renew = session.has_id() && !is_renewed;
            let mut elsewhere = self.legacy.awaited.wait(&id);
            let attempt = tokio::select! {
                biased;
                attempt = self.try_in_session(&session, &id, &outgoing, &mut attempts, may_renew) => attempt?,
                reply = elsewhere.reply() => return reply,
            };
            match attempt {
                Attempt::Answered(reply) => return reply,
                Attempt::Forgotten => {
                    self.renew(&session).await?;
                    is_renewed = true;
                }
                Attempt::Cut(cut) => pause_after(cut, about.twice, &mut attempts).await?,
            }
        }
    }

    /// Sends a call, and reads its answer from its stream and from those that go on with it.
    async fn try_in_session(
        self: &Arc<Self>,
        session: &Session,
        id: &RequestId,
        outgoing: &Outgoing<'_>,
        attempts: &mut Attempts,
        may_renew: bool,
    ) -> Result<Attempt, TransportError> {
        let mut cursor = Cursor::default();
        let read = match self.send(outgoing, attempts).await {
            // The server did nothing but look for the session.
            Ok(response) if response.status() == StatusCode::NOT_FOUND && may_renew => {
                return Ok(Attempt::Forgotten);
            }
            Ok(response) => self.read(response, id, outgoing.about, &mut cursor).await,
            Err(Failure::Lost(cut)) => Err(cut),
            Err(Failure::Final(error)) => return Err(error),
        };
        Ok(match read {
            Ok(reply) => Attempt::Answered(reply),
            Err(cut) if cursor.last.is_some() => {
                match self.resume(session, id, cursor, cut).await {
                    Ok(reply) => Attempt::Answered(reply),
                    Err(cut) => Attempt::Cut(cut),
                }
            }
            Err(cut) => Attempt::Cut(cut),
        })
    }

    /// Goes on with the stream of a call that was cut (SH-7).
    ///
    /// # Errors
    /// The server has no more of it, or cannot be reached.
    async fn resume(
        self: &Arc<Self>,
        session: &Session,
        id: &RequestId,
        mut cursor: Cursor,
        mut cut: HttpError,
    ) -> Result<Reply, HttpError> {
        let mut reconnect = Reconnect::new(&self.limits);
        let mut pause = reconnect.pause(&cursor);
        while let Some(wait) = pause {
            // Without an id it would be the stream of the session.
            let Some(last) = cursor.last.as_deref() else { break };
            sleep(wait).await;
            reconnect.begin(&cursor);
            let opened = self.open_stream(session, Some(last)).await;
            let was_open = matches!(&opened, Ok(response) if is_stream(response));
            match opened {
                Ok(response) if was_open => {
                    match self.read_events(response.into_body(), Some(id), &mut cursor).await {
                        Ok(reply) => return Ok(reply),
                        Err(error) => cut = error,
                    }
                }
                Ok(response) => {
                    let status = response.status();
                    cut = HttpError::lost(format!(
                        "the stream was cut, and the server does not go on with it ({})",
                        status.as_u16()
                    ));
                    if !is_transient(status) {
                        return Err(cut);
                    }
                }
                // The next try would end in the same way.
                Err(error)
                    if matches!(
                        error.kind(),
                        TransportErrorKind::Unauthorized | TransportErrorKind::Unsendable
                    ) =>
                {
                    return Err(HttpError::lost(error));
                }
                Err(error) => cut = HttpError::lost(error),
            }
            pause = reconnect.ended(&cursor, was_open);
        }
        Err(cut)
    }
}

/// Whether a server may need an answer of the client for a call.
fn may_ask(method: &str) -> bool {
    matches!(method, "tools/call" | "prompts/get" | "resources/read")
}

/// Tells the server that nobody waits any more: a closed stream does not say so in this era (SH-10).
struct CancelOnDrop<'a> {
    shared: &'a Arc<Shared>,
    /// The request, as long as it is waited for.
    id: Option<RequestId>,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (&self.id, tokio::runtime::Handle::try_current()) else {
            return;
        };
        if *self.shared.closed.borrow() {
            return; // The end of the session says it of all of them.
        }
        let Ok(params) = JsonBytes::new(&serde_json::json!({ "requestId": id })) else { return };
        let shared = Arc::clone(self.shared);
        runtime.spawn(async move {
            if let Err(error) = shared.notify_legacy("notifications/cancelled", &params).await {
                tracing::debug!(%error, "a cancellation did not reach the server");
            }
        });
    }
}
