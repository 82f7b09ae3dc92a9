//! The stream of a session on which the server sends what belongs to no call. Spec:
//! basic/transports, "Listening for Messages from the Server" (SH-5, SH-7).

use http::{Response, StatusCode};
use mcp_core::http_client::HttpBody;
use mcp_core::transport::{TransportError, TransportErrorKind};
use tokio::sync::watch;
use tokio::time::sleep;

use super::channel::SessionChannel;
use super::receiver::SessionReceiver;
use super::reconnect::Reconnect;
use super::session::Session;
use crate::error::is_passing_status;
use crate::http::read::{Cursor, ReplyReader, is_stream};
use crate::http::send::refusal;

/// How far the stream of a session was read.
#[derive(Debug, Default)]
pub(super) struct StreamProgress {
    cursor: Cursor,
    /// The stream was open before, so the server has one.
    was_open: bool,
    /// It was reported that the stream is lost, and it has not been open since.
    pub(super) is_loss_reported: bool,
}

/// Why the stream of a session is not read any more.
pub(super) enum StreamEnd {
    /// The server has no such stream.
    Absent,
    /// The server has forgotten the session.
    SessionForgotten(StreamProgress),
    /// It is lost. It may be opened again later.
    Lost(StreamProgress, Loss, TransportError),
}

/// How a stream was lost, which says when it may be opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// It was interrupted too often. A response to a call shows that the server can be reached.
    Interrupted,
    /// It was refused for its credentials. A user must not be asked to log in for every call, so it
    /// waits for other credentials.
    Unauthorized,
    /// The server refuses it, or it cannot be read. Only an application that subscribes tries it
    /// again.
    Refused,
}

/// The outcome of one attempt to open the stream.
enum Opened {
    Stream(Response<HttpBody>),
    Failed(TransportError),
    End(StreamEnd),
}

/// Reads the stream of a session.
pub(super) struct SessionStream<'a> {
    pub(super) channel: &'a SessionChannel,
    pub(super) receiver: &'a SessionReceiver,
    pub(super) session: Session,
    /// Set once it is known whether the stream is open.
    pub(super) is_settled: &'a watch::Sender<bool>,
    pub(super) progress: StreamProgress,
}

impl SessionStream<'_> {
    /// Reads the stream, and opens it again after interruptions, until it ends for good.
    pub(super) async fn run(mut self, mut reconnect: Reconnect) -> StreamEnd {
        loop {
            reconnect.begin(&self.progress.cursor);
            let (is_open, error) = match self.open().await {
                Opened::Stream(response) => match self.read(response).await {
                    Ok(error) => (true, error),
                    Err(error) => {
                        // Resumed, it would have the same event next.
                        self.progress.cursor.last = None;
                        return StreamEnd::Lost(self.progress, Loss::Refused, error);
                    }
                },
                Opened::Failed(error) => (false, error),
                Opened::End(end) => return end,
            };
            let Some(pause) = reconnect.ended(&self.progress.cursor, is_open) else {
                return StreamEnd::Lost(self.progress, Loss::Interrupted, error);
            };
            tracing::debug!(%error, ?pause, "the stream of the session is opened again");
            sleep(pause).await;
        }
    }

    async fn open(&mut self) -> Opened {
        let last = self.progress.cursor.last.as_deref();
        let opened = self.channel.open_stream(&self.session, last).await;
        self.is_settled.send_replace(opened.is_ok());
        match opened {
            Ok(response) if is_stream(&response) => Opened::Stream(response),
            Ok(response) => self.refused(&response),
            // The authorizer was asked, and would only be asked again.
            Err(error) if error.kind() == TransportErrorKind::Unauthorized => {
                self.lose(Loss::Unauthorized, error)
            }
            Err(error) => {
                if error.kind() == TransportErrorKind::Unsendable {
                    self.progress.cursor.last = None; // The header field cannot hold the id.
                }
                Opened::Failed(error)
            }
        }
    }

    /// Reads one connection until it is interrupted, and returns why it was.
    ///
    /// # Errors
    /// The stream cannot be read further.
    async fn read(
        &mut self,
        response: Response<HttpBody>,
    ) -> Result<TransportError, TransportError> {
        if self.progress.was_open && self.progress.cursor.last.is_none() {
            // Nothing could be replayed. It is reported only now, so that what the client asks for
            // next does not miss a change that comes before this stream.
            self.channel.sender().client().changes_missed();
        }
        self.progress.was_open = true;
        self.progress.is_loss_reported = false;
        let reader = ReplyReader::new(self.channel.sender(), self.receiver);
        let cursor = &mut self.progress.cursor;
        // There is no response to wait for: whatever is returned is an error.
        match reader.read_events(response.into_body(), None, cursor).await {
            Err(cut) => Ok(TransportError::with_source(
                TransportErrorKind::Io,
                "the stream of the session was interrupted",
                cut.into_source(),
            )),
            Ok(Err(error)) => Err(TransportError::with_source(
                TransportErrorKind::Protocol,
                "the stream of the session cannot be read further",
                error,
            )),
            Ok(Ok(_)) => Err(TransportError::new(
                TransportErrorKind::Protocol,
                "the stream of the session has a response to no request",
            )),
        }
    }

    /// The server sent no stream.
    fn refused(&mut self, response: &Response<HttpBody>) -> Opened {
        let status = response.status();
        let has_authorizer = self.channel.sender().has_authorizer();
        let error = refusal(status, response.headers(), b"", has_authorizer);
        if error.kind() == TransportErrorKind::Unauthorized {
            return self.lose(Loss::Unauthorized, error);
        }
        if is_passing_status(status.as_u16()) {
            return Opened::Failed(error);
        }
        // A server without such a stream answers 405, and some answer 404 to all that they do not
        // know. Only one that had the stream before has forgotten the session.
        if status == StatusCode::NOT_FOUND && self.session.has_id() && self.progress.was_open {
            return Opened::End(StreamEnd::SessionForgotten(std::mem::take(&mut self.progress)));
        }
        if self.progress.cursor.last.take().is_some() {
            // The server does not resume the stream after that event; perhaps it opens another one.
            return Opened::Failed(error);
        }
        if self.progress.was_open {
            return self.lose(Loss::Refused, error);
        }
        tracing::debug!(status = status.as_u16(), "the server has no stream for the session");
        Opened::End(StreamEnd::Absent)
    }

    fn lose(&mut self, loss: Loss, error: TransportError) -> Opened {
        Opened::End(StreamEnd::Lost(std::mem::take(&mut self.progress), loss, error))
    }
}
