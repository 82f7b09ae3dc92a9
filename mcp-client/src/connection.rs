//! A connection to a server: where requests go, and what keeps it open.

use std::fmt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use crate::Limits;
use mcp_core::service::{Accept, BoxService, CatchPanic, Notification, Reply, Request, Service};
use mcp_core::telemetry::NetworkTransport;
use mcp_core::transport::TransportError;
use mcp_core::transport::memory::{self, Link};
use mcp_core::transport::stream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::child_process::{Ending, Input, Output, Process};
use crate::closed::Closed;
use crate::error::{Error, ErrorKind};
#[cfg(feature = "http")]
use crate::http::{Endpoint, Events, HttpTransport, Posts};
use crate::inbound::Inbound;
use crate::outbound::{InMemory, Outbound};

/// How long the output of an exited child is still read. It ends with the child, unless a process
/// that left its group holds it open. Fixed: what a child wrote before it exited is in the pipe.
const OUTPUT_TIMEOUT: Duration = Duration::from_millis(300);

/// An open connection to a server. Dropping it ends it.
pub(crate) struct Connection {
    outbound: Outbound,
    /// Tells the task that moves the conversation to end it.
    closing: watch::Sender<bool>,
    /// Why the conversation has ended, once it has.
    ended: watch::Sender<Option<Closed>>,
    process: Option<Arc<Process>>,
    link: Option<Link>,
    /// The URL of a server on the network.
    #[cfg(feature = "http")]
    url: Option<Endpoint>,
    /// It is the transport of 2024-11-05.
    is_http_sse: bool,
    inbound: Arc<Inbound>,
    /// Its number for `inbound`.
    number: u64,
}

/// Reports the end of a conversation. The task that moves it has this one, so that a task that is
/// dropped, with its runtime or by a panic, is not waited for.
struct End {
    ended: watch::Sender<Option<Closed>>,
    inbound: Arc<Inbound>,
    number: u64,
}

impl End {
    fn set(&self, reason: Closed) {
        self.ended.send_if_modified(|ended| {
            let is_first = ended.is_none();
            if is_first {
                *ended = Some(reason);
            }
            is_first
        });
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let lost = TransportError::closed("the task of the connection has ended");
        self.set(Closed::Failed(lost));
        self.inbound.disconnected(self.number);
    }
}

impl Connection {
    fn new(outbound: Outbound, inbound: &Arc<Inbound>) -> (Self, watch::Receiver<bool>) {
        let (closing, is_closing) = watch::channel(false);
        let ended = watch::Sender::new(None);
        let number = inbound.connected();
        let inbound = Arc::clone(inbound);
        let connection = Self {
            outbound,
            closing,
            ended,
            process: None,
            link: None,
            #[cfg(feature = "http")]
            url: None,
            is_http_sse: false,
            inbound,
            number,
        };
        (connection, is_closing)
    }

    /// For the task that moves the conversation.
    fn end(&self) -> End {
        let (ended, inbound) = (self.ended.clone(), Arc::clone(&self.inbound));
        End { ended, inbound, number: self.number }
    }

    /// A conversation on a byte stream.
    pub(crate) fn stream<R, W>(
        reader: R,
        writer: W,
        limits: &Limits,
        inbound: &Arc<Inbound>,
    ) -> Self
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let local = CatchPanic::new(Arc::clone(inbound));
        let (remote, driver) = stream::connect(reader, writer, &limits.connection, |_| local);
        let (connection, mut closing) = Self::new(Outbound::Stream(remote.clone()), inbound);
        let end = connection.end();
        let close_timeout = limits.close_timeout;
        tokio::spawn(async move {
            let stop = async {
                // An error means that the connection was dropped.
                let _ = closing.wait_for(|closing| *closing).await;
                sleep(close_timeout).await;
            };
            if let Err(error) = driver.run(futures::stream::once(stop)).await {
                tracing::debug!(%error, "the connection failed");
            }
            end.set(Closed::of_stream(&remote, &closing));
        });
        connection
    }

    /// A conversation with a child process.
    pub(crate) fn child(
        process: Process,
        limits: &Limits,
        inbound: &Arc<Inbound>,
    ) -> Result<Self, Error> {
        let Some((stdin, stdout)) = process.take_pipes() else {
            return Err(Error::new(ErrorKind::Spawn, "the server's process has no pipes"));
        };
        let process = Arc::new(process);
        let ending = Ending::new(Arc::clone(&process));
        let local = CatchPanic::new(Arc::clone(inbound));
        let reader = Output::new(stdout, Arc::clone(&ending));
        let writer = Input::new(stdin, Arc::clone(&ending));
        let (remote, driver) = stream::connect(reader, writer, &limits.connection, |_| local);
        ending.attach(remote.clone());
        let (mut connection, mut closing) = Self::new(Outbound::Stream(remote.clone()), inbound);
        connection.process = Some(Arc::clone(&process));
        let end = connection.end();
        tokio::spawn(async move {
            let mut run = Box::pin(driver.run(futures::stream::pending()));
            let stop = async {
                // An error means that the connection was dropped, which kills the child.
                let _ = closing.wait_for(|closing| *closing).await;
                process.stop().await
            };
            let closed = tokio::select! {
                ended = &mut run => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "the connection failed");
                    }
                    // Not later: the host may close the client while the process is stopped.
                    let closed = Closed::of_stream(&remote, &closing);
                    // Its pipes are closed by now.
                    process.stop().await;
                    closed
                }
                _ = stop => {
                    let _ = timeout(OUTPUT_TIMEOUT, &mut run).await;
                    Closed::of_stream(&remote, &closing)
                }
            };
            drop(run);
            end.set(closed);
        });
        Ok(connection)
    }

    /// A conversation over Streamable HTTP.
    #[cfg(feature = "http")]
    pub(crate) fn http(transport: HttpTransport, inbound: &Arc<Inbound>) -> Self {
        let url = transport.url();
        let (mut connection, _) = Self::new(Outbound::Http(transport), inbound);
        connection.url = Some(url);
        connection
    }

    /// A conversation over HTTP+SSE, the transport of 2024-11-05.
    #[cfg(feature = "http")]
    pub(crate) fn http_sse(
        url: Endpoint,
        events: Events,
        posts: Posts,
        limits: &Limits,
        inbound: &Arc<Inbound>,
    ) -> Self {
        let mut connection = Self::stream(events, posts, limits, inbound);
        connection.is_http_sse = true;
        connection.url = Some(url);
        connection
    }

    /// A conversation with a server in this process.
    pub(crate) fn memory<A: Accept>(server: &A, limits: &Limits, inbound: &Arc<Inbound>) -> Self {
        let local = CatchPanic::new(Arc::clone(inbound));
        let link = memory::connect(
            &server.limits(),
            |peer| server.accept(peer),
            &limits.connection,
            |_| local,
        );
        let outbound = InMemory::new(&link);
        let (mut connection, _) = Self::new(Outbound::Service(BoxService::new(outbound)), inbound);
        connection.link = Some(link);
        connection
    }

    /// A conversation through any service, which is made from the client's side of it.
    pub(crate) fn service<S: Service>(
        open: impl FnOnce(BoxService) -> S,
        inbound: &Arc<Inbound>,
    ) -> Self {
        let local = BoxService::new(CatchPanic::new(Arc::clone(inbound)));
        let outbound = Outbound::Service(BoxService::new(open(local)));
        let (connection, _) = Self::new(outbound, inbound);
        connection
    }

    pub(crate) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// Whether requests may get through again after one was lost. A byte stream that has ended, and
    /// a closed link, do not come back.
    pub(crate) fn may_return(&self) -> bool {
        self.outbound.may_return() && self.link.is_none() && !*self.closing.borrow()
    }

    /// Whether it has ended. A stream of notifications that is opened later than that never ends by
    /// itself.
    pub(crate) fn is_over(&self) -> bool {
        *self.closing.borrow() || self.ended.borrow().is_some()
    }

    /// Completes when the conversation has ended, with the reason. Does not keep it open.
    pub(crate) fn ended(&self) -> impl Future<Output = Closed> + Send + use<> {
        let mut ended = self.ended.subscribe();
        async move {
            match ended.wait_for(Option::is_some).await {
                Ok(reason) => reason.clone().unwrap_or(Closed::Here),
                Err(_) => Closed::Here, // The client was dropped.
            }
        }
    }

    pub(crate) fn call(&self, request: Request) -> impl Future<Output = Reply> + Send {
        self.outbound.call(request)
    }

    pub(crate) async fn notify(&self, notification: Notification) {
        self.outbound.notify(notification).await;
    }

    /// Ends the conversation gently. Returns a child's exit status.
    pub(crate) async fn close(&self) -> Option<ExitStatus> {
        self.outbound.close().await;
        if let Some(link) = &self.link {
            link.close();
        }
        self.closing.send_replace(true);
        if self.outbound.has_task() {
            let mut ended = self.ended.subscribe();
            // It cannot fail as long as the connection is borrowed.
            let _ = ended.wait_for(Option::is_some).await;
        } else {
            self.ended.send_replace(Some(Closed::Here));
        }
        self.inbound.disconnected(self.number);
        match &self.process {
            Some(process) => process.exited().await.0,
            None => None,
        }
    }

    /// What carries the requests, and the host and the port of the server on the network.
    pub(crate) fn network(&self) -> (Option<NetworkTransport>, Option<(String, u16)>) {
        match &self.outbound {
            Outbound::Stream(_) if self.is_http_sse => (Some(NetworkTransport::Http), None),
            Outbound::Stream(_) => (Some(NetworkTransport::Pipe), None),
            #[cfg(feature = "http")]
            Outbound::Http(transport) => (Some(NetworkTransport::Http), transport.server()),
            Outbound::Service(_) => (None, None),
        }
    }

    /// Adds to an error what helps to find its reason: the URL of the server, and what it wrote
    /// that is no message.
    pub(crate) fn explain(&self, error: Error) -> Error {
        if !error.is_without_answer() {
            return error;
        }
        #[cfg(feature = "http")]
        let error = match &self.url {
            Some(url) => url.explain(error),
            None => error,
        };
        self.inbound.unreadable.explain(error)
    }

    pub(crate) fn is_http_sse(&self) -> bool {
        self.is_http_sse
    }

    /// A child's process id.
    pub(crate) fn child_id(&self) -> Option<u32> {
        self.process.as_ref().map(|process| process.id())
    }

    /// A child's exit status, if it has exited.
    pub(crate) fn exit_status(&self) -> Option<ExitStatus> {
        self.process.as_ref()?.exit()?.0
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(process) = &self.process {
            // At once and without a runtime: there may be none left to be gentle in.
            process.kill();
        }
        self.outbound.abandon(self.process.is_some());
        self.inbound.disconnected(self.number);
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("child", &self.process.is_some()).finish_non_exhaustive()
    }
}
