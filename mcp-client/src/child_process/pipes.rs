//! A child's input and output, whose end waits for the exit status, so that every call that was
//! waiting gets an error that says how the server ended.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use mcp_core::transport::TransportError;
use mcp_core::transport::stream::Remote;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::time::timeout;

use super::process::Process;

/// How long the end of the output waits for the exit status. Fixed: a child that closed its output
/// exits within moments, or does not exit by itself.
const STATUS_TIMEOUT: Duration = Duration::from_millis(300);

type End = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells every waiting call how the server ended.
pub(crate) struct Ending {
    process: Arc<Process>,
    remote: OnceLock<Remote>,
}

impl Ending {
    pub(crate) fn new(process: Arc<Process>) -> Arc<Self> {
        Arc::new(Self { process, remote: OnceLock::new() })
    }

    /// Whose calls are ended.
    pub(crate) fn attach(&self, remote: Remote) {
        let _ = self.remote.set(remote); // Set once, when the connection is made.
    }

    fn begin(self: &Arc<Self>) -> End {
        let ending = Arc::clone(self);
        Box::pin(async move { ending.announce().await })
    }

    async fn announce(&self) {
        self.process.output_ended();
        let mut detail = match timeout(STATUS_TIMEOUT, self.process.exited()).await {
            Ok(exit) => exit.to_string(),
            Err(_) => "its process is still running".to_owned(),
        };
        if let Some(words) = self.process.last_line() {
            detail.push_str("; the last line of its stderr: ");
            detail.push_str(&words);
        }
        if let Some(remote) = self.remote.get() {
            remote.abort(
                &TransportError::closed("the server closed the connection").with_detail(detail),
            );
        }
    }
}

/// The child's standard output.
pub(crate) struct Output {
    pipe: ChildStdout,
    ending: Arc<Ending>,
    end: Option<End>,
}

impl Output {
    pub(crate) fn new(pipe: ChildStdout, ending: Arc<Ending>) -> Self {
        Self { pipe, ending, end: None }
    }
}

impl AsyncRead for Output {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.end.is_none() {
            let before = buffer.filled().len();
            let read = ready!(Pin::new(&mut this.pipe).poll_read(cx, buffer));
            if read.is_ok() && (buffer.filled().len() > before || buffer.remaining() == 0) {
                return Poll::Ready(Ok(()));
            }
            this.end = Some(this.ending.begin());
        }
        if let Some(end) = &mut this.end {
            ready!(end.as_mut().poll(cx));
            this.end = Some(Box::pin(std::future::ready(())));
        }
        Poll::Ready(Ok(()))
    }
}

/// The child's standard input. Shutting it down closes it.
pub(crate) struct Input {
    pipe: Option<ChildStdin>,
    ending: Arc<Ending>,
    end: Option<End>,
}

impl Input {
    pub(crate) fn new(pipe: ChildStdin, ending: Arc<Ending>) -> Self {
        Self { pipe: Some(pipe), ending, end: None }
    }
}

impl AsyncWrite for Input {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.end.is_none() {
            let Some(pipe) = &mut this.pipe else {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            };
            match ready!(Pin::new(pipe).poll_write(cx, bytes)) {
                Ok(written) => return Poll::Ready(Ok(written)),
                // What the server wrote before it left is still read while this waits.
                Err(_) => this.end = Some(this.ending.begin()),
            }
        }
        if let Some(end) = &mut this.end {
            ready!(end.as_mut().poll(cx));
            this.end = Some(Box::pin(std::future::ready(())));
        }
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().pipe {
            Some(pipe) => Pin::new(pipe).poll_flush(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().pipe = None;
        Poll::Ready(Ok(()))
    }
}
