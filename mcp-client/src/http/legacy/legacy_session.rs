//! The calls of a client in a session: a POST each, whose stream can be resumed after an
//! interruption. A session that the server has forgotten is replaced, and the call sent again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;
use mcp_core::http_client::HttpError;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::RequestId;
use mcp_core::method::notification::Initialized;
use mcp_core::method::{Initialize, Method as _, NotificationMethod as _, RetrySafety, Row};
use mcp_core::service::{CallError, Reply, Request};
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::sync::watch;
use tokio::time::timeout;

use super::awaited::AwaitedCalls;
use super::cancel_on_drop::CancelOnDrop;
use super::channel::SessionChannel;
use super::handshake::shake_hands;
use super::receiver::SessionReceiver;
use super::reconnect::Reconnect;
use super::renewal::Renewal;
use super::resumption::resume;
use super::server_requests::ServerRequests;
use super::session::Session;
use super::session_stream::{Loss, SessionStream, StreamEnd, StreamProgress};
use super::stream_state::{Reopen, StreamState};
use crate::http::client_side::ClientSide;
use crate::http::read::{Cursor, ReplyReader, error_for};
use crate::http::send::{
    Attempts, Failure, OutgoingRequest, RequestInfo, Sender, pause_after, renumbered,
};
use crate::limits::Limits;

/// The session of a client.
pub(crate) struct LegacySession {
    channel: Arc<SessionChannel>,
    receiver: SessionReceiver,
    renewal: Renewal,
    stream: StreamState,
    /// Sessions before this generation are not used any more, because the user has logged out.
    first_usable: AtomicU64,
    /// How often the user has logged out.
    logouts: AtomicU64,
    /// Whether it is known if the stream of the session is open.
    is_settled: watch::Sender<bool>,
}

/// The outcome of sending a call.
enum Attempt {
    Answered(Reply),
    /// The server does not know the session.
    SessionForgotten,
    /// The connection failed before the response.
    Cut(HttpError),
}

impl LegacySession {
    pub(crate) fn new(sender: &Arc<Sender>) -> Self {
        let channel = Arc::new(SessionChannel::new(sender));
        let receiver = SessionReceiver {
            client: sender.client().clone(),
            requests: Arc::new(ServerRequests::new(&channel)),
            awaited: Arc::new(AwaitedCalls::default()),
            call: None,
        };
        Self {
            channel,
            receiver,
            renewal: Renewal::default(),
            stream: StreamState::default(),
            first_usable: AtomicU64::new(0),
            logouts: AtomicU64::new(0),
            is_settled: watch::Sender::new(false),
        }
    }

    pub(crate) async fn call(self: &Arc<Self>, request: Request) -> Reply {
        let (row, reason) = (request.row(), request.cancel_reason());
        let Request { id, method, params, .. } = request;
        if method == Initialize::NAME {
            return Box::pin(self.begin(&id, params.into())).await;
        }
        let mut guard = CancelOnDrop::new(&self.channel, reason);
        let reply = self.call_in_session(&id, (&method, row), &params, &mut guard).await;
        guard.disarm();
        if matches!(&reply, Ok(_) | Err(CallError::Peer(_))) {
            let authorizations = self.channel.sender().authorizations();
            self.reopen_stream(Reopen::AfterResponse { authorizations });
        }
        reply
    }

    pub(crate) async fn notify(
        self: &Arc<Self>,
        method: &str,
        params: &JsonBytes,
    ) -> Result<(), TransportError> {
        let sent = self.channel.post_notification(method, params).await;
        if method == Initialized::NAME {
            // Even if it may not have arrived: the response to the GET says whether there is a
            // stream.
            self.open_stream();
        }
        sent
    }

    /// Waits until the stream of the session is open, or until it is known that there is none: what
    /// a server sends before is lost. Opens a stream again that was lost.
    pub(crate) async fn listen(self: &Arc<Self>) {
        if let Err(error) = Box::pin(self.usable_session()).await {
            tracing::debug!(%error, "there is no session to listen to");
        }
        self.reopen_stream(Reopen::OnRequest);
        self.wait_for_stream().await;
    }

    pub(crate) fn has_session(&self) -> bool {
        self.channel.has_session()
    }

    /// Ends the session.
    pub(crate) async fn end(&self) {
        self.channel.end_session().await;
    }

    /// The user has logged out: the next call begins another session.
    pub(crate) fn retire(&self) {
        self.logouts.fetch_add(1, Ordering::AcqRel);
        self.retire_session();
    }

    fn retire_session(&self) {
        let session = self.channel.session();
        if session.has_id() {
            self.first_usable.fetch_max(session.generation + 1, Ordering::AcqRel);
            self.end_stream();
            self.receiver.requests.abort();
            let error = TransportErrorKind::Unauthorized;
            let error = TransportError::new(error, "the user has logged out");
            self.client().subscriptions_lost(&error);
        }
    }

    fn is_retired(&self, session: &Session) -> bool {
        session.generation < self.first_usable.load(Ordering::Acquire)
    }

    /// Ends the stream of a retired session, which would ask the next user to log in.
    fn end_stream(&self) {
        self.stream.end();
        self.is_settled.send_replace(true);
    }

    /// Begins a session. It is retired if its user logs out meanwhile.
    async fn begin(&self, id: &RequestId, offer: JsonBytes) -> Reply {
        let logouts = self.logouts.load(Ordering::Acquire);
        let reply = shake_hands(&self.channel, &self.receiver, id, offer).await;
        if self.logouts.load(Ordering::Acquire) != logouts {
            self.retire_session();
        }
        reply
    }

    /// The session in use. Another one begins if it is retired.
    async fn usable_session(self: &Arc<Self>) -> Result<Session, TransportError> {
        let mut session = self.channel.session();
        while self.is_retired(&session) {
            Box::pin(self.renew(&session)).await?;
            session = self.channel.session();
        }
        Ok(session)
    }

    /// Ends all that runs for the session.
    pub(crate) fn stop(&self) {
        self.receiver.requests.close();
        self.stream.stop();
    }

    fn sender(&self) -> &Sender {
        self.channel.sender()
    }

    fn client(&self) -> &ClientSide {
        self.sender().client()
    }

    fn limits(&self) -> &Limits {
        self.sender().limits()
    }

    async fn call_in_session(
        self: &Arc<Self>,
        id: &RequestId,
        (method, row): (&str, Option<&Row>),
        params: &JsonBytes,
        guard: &mut CancelOnDrop<'_>,
    ) -> Reply {
        let info =
            RequestInfo { method: Some(method), name: None, retry: RetrySafety::of(row, false) };
        if row.is_some_and(|row| row.may_require_input) && self.client().handles_requests() {
            // Some servers ask on the stream of the session what they should ask on that of the
            // call, and what they ask before it is open is lost.
            Box::pin(self.wait_for_stream()).await;
        }
        let receiver = self.receiver.of_call(id);
        let mut attempts = Attempts::new(self.limits());
        let (mut sent, mut is_renewed) = (0, false);
        loop {
            let id = renumbered(id, sent);
            sent += 1;
            guard.waits_for(&id);
            let session = self.usable_session().await?;
            let headers = self.channel.headers_in(&session);
            let request = OutgoingRequest::call(headers, &id, params, info);
            let may_renew = session.has_id() && !is_renewed;
            let mut elsewhere = self.receiver.awaited.wait(&id);
            let attempt = tokio::select! {
                biased;
                attempt = self.attempt(
                    &session, &receiver, &id, &request, &mut attempts, may_renew,
                ) => attempt?,
                reply = elsewhere.reply() => return reply,
            };
            match attempt {
                Attempt::Answered(reply) => return reply,
                Attempt::SessionForgotten => {
                    Box::pin(self.renew(&session)).await?;
                    is_renewed = true;
                }
                Attempt::Cut(cut) => pause_after(cut, info.retry, &mut attempts).await?,
            }
        }
    }

    /// Sends a call, and reads its response from its stream and from those that resume it.
    async fn attempt(
        &self,
        session: &Session,
        receiver: &SessionReceiver,
        id: &RequestId,
        request: &OutgoingRequest<'_>,
        attempts: &mut Attempts,
        may_renew: bool,
    ) -> Result<Attempt, TransportError> {
        let sender = self.sender();
        let mut cursor = Cursor::default();
        let read = match sender.send(request, attempts).await {
            Ok(response) if response.status() == StatusCode::NOT_FOUND && may_renew => {
                return Ok(match Box::pin(error_for(sender, response, id)).await {
                    Some(error) => Attempt::Answered(Err(error.into())),
                    None => Attempt::SessionForgotten,
                });
            }
            Ok(response) => {
                let reader = ReplyReader::new(sender, receiver);
                reader.read(response, id, request.info, &mut cursor).await
            }
            Err(Failure::Lost(cut)) => Err(cut),
            Err(Failure::Final(error)) => return Err(error),
        };
        let read = match read {
            Err(cut) if cursor.last.is_some() => {
                let stream = resume(&self.channel, receiver, session, id, cursor, cut);
                Box::pin(stream).await
            }
            read => read,
        };
        Ok(read.map_or_else(Attempt::Cut, Attempt::Answered))
    }

    /// Begins another session in place of one that the server has forgotten (SH-8), or whose user
    /// has logged out. What the server kept in it is lost.
    ///
    /// A task does so: the call that found out may be dropped meanwhile, and others use the session
    /// too.
    async fn renew(self: &Arc<Self>, forgotten: &Session) -> Result<(), TransportError> {
        let (this, forgotten) = (Arc::clone(self), forgotten.generation);
        let failures_before = self.renewal.failures();
        let task = tokio::spawn(async move {
            let is_done = || this.channel.session().generation != forgotten;
            tokio::select! {
                biased;
                () = this.sender().closed() => Err(TransportError::closed("the client is closed")),
                renewed = this.renewal.run(failures_before, is_done, this.begin_again()) => renewed,
            }
        });
        task.await.unwrap_or_else(|_| Err(TransportError::closed("the runtime is ending")))
    }

    async fn begin_again(self: &Arc<Self>) -> Result<(), TransportError> {
        tracing::debug!("another session begins");
        let before = self.channel.session();
        let wait = self.limits().http.reinitialize_timeout;
        let begun = self.sender().within(wait, self.begin_session_after(&before)).await;
        begun.and_then(|begun| begun).inspect_err(|_| {
            // No call may use a session that has half begun, or has another revision.
            self.channel.replace_session(before);
        })
    }

    async fn begin_session_after(self: &Arc<Self>, before: &Session) -> Result<(), TransportError> {
        let Some(offer) = before.offer.clone() else {
            return Err(TransportError::closed("there is no session"));
        };
        // The server does not wait any more for what it asked in the old session.
        self.receiver.requests.abort();
        let id = RequestId::from(format!("initialize-{}", before.generation + 1));
        if let Err(error) = self.begin(&id, offer).await {
            let message = "the session has ended, and the server refuses another one";
            let kind = match &error {
                CallError::Transport(error) => error.kind(),
                _ => TransportErrorKind::Closed,
            };
            return Err(TransportError::with_source(kind, message, error));
        }
        if self.channel.session().version != before.version {
            let message = "the session has ended, and the server uses another revision in the next";
            return Err(TransportError::closed(message));
        }
        self.notify(Initialized::NAME, &JsonBytes::empty_object()).await?;
        self.client().session_restarted();
        Ok(())
    }

    /// Waits for the stream of the session, but not for long: a server may hold back the head of
    /// its response until it has something to send.
    async fn wait_for_stream(&self) {
        if *self.is_settled.borrow() {
            return;
        }
        let mut is_settled = self.is_settled.subscribe();
        let wait: Duration = self.limits().http.stream_open_timeout;
        if timeout(wait, is_settled.wait_for(|is_settled| *is_settled)).await.is_err() {
            tracing::debug!("the server has not opened the stream of the session yet");
            self.is_settled.send_replace(true); // It is waited for once.
        }
    }

    /// Begins to read the stream of the session, in place of that of an earlier session.
    fn open_stream(self: &Arc<Self>) {
        self.is_settled.send_replace(false);
        let reconnect = Reconnect::new(self.limits());
        self.stream.start(|number| self.read_stream(number, StreamProgress::default(), reconnect));
        // The user may have logged out since the session began.
        if self.is_retired(&self.channel.session()) {
            self.end_stream();
        }
    }

    /// Opens a stream again that was lost.
    fn reopen_stream(self: &Arc<Self>, reopen: Reopen) {
        let is_restarted = self.stream.restart(reopen, |number, progress| {
            self.is_settled.send_replace(false);
            self.read_stream(number, progress, Reconnect::single(self.limits()))
        });
        if is_restarted {
            tracing::debug!(?reopen, "the stream of the session is tried again");
        }
    }

    fn read_stream(
        self: &Arc<Self>,
        number: u64,
        progress: StreamProgress,
        reconnect: Reconnect,
    ) -> tokio::task::AbortHandle {
        let this = Arc::clone(self);
        let task = tokio::spawn(async move {
            let session = this.channel.session();
            let stream = SessionStream {
                channel: &this.channel,
                receiver: &this.receiver,
                session: session.clone(),
                is_settled: &this.is_settled,
                progress,
            };
            let end = stream.run(reconnect).await;
            this.stream_ended(number, &session, end);
        });
        task.abort_handle()
    }

    fn stream_ended(self: &Arc<Self>, number: u64, session: &Session, end: StreamEnd) {
        match end {
            StreamEnd::Absent => {}
            StreamEnd::Lost(progress, loss, error) => {
                self.stream_lost(number, progress, loss, &error);
            }
            StreamEnd::SessionForgotten(progress) => {
                // A task of its own: the stream of the next session aborts this one.
                let (this, session) = (Arc::clone(self), session.clone());
                tokio::spawn(async move {
                    if let Err(error) = this.renew(&session).await {
                        this.stream_lost(number, progress, Loss::Interrupted, &error);
                    }
                });
            }
        }
    }

    /// Ends the subscriptions, and remembers where the stream is opened again.
    fn stream_lost(
        &self,
        number: u64,
        mut progress: StreamProgress,
        loss: Loss,
        error: &TransportError,
    ) {
        let is_news = !std::mem::replace(&mut progress.is_loss_reported, true);
        if !self.stream.lose(number, progress, loss, self.sender().authorizations()) {
            return;
        }
        self.client().subscriptions_lost(error);
        if is_news {
            tracing::warn!(%error, "the stream of the session is lost: changes are missed");
            self.client().changes_missed();
        } else {
            tracing::debug!(%error, "the stream of the session cannot be opened again yet");
        }
    }
}
