//! Serving on a socket of our own: accepting, bounding and draining connections (threats T6 to T8, T10).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use mcp_core::Limits;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{self, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::activity::{Activity, Connected};
use super::request::PeerAddress;
use super::socket::Socket;
use super::tasks::Tasks;
use super::{HttpOptions, HttpService};
use crate::error::ServeError;
use crate::server::{BuiltServer, Server};
use crate::watch;

/// How long to wait before accepting again when the process has no descriptors left.
const EXHAUSTED: Duration = Duration::from_millis(100);
/// How long what was given up may take to be dropped. What takes longer blocks its thread.
const GIVE_UP: Duration = Duration::from_millis(500);

impl Server {
    /// Builds the server and serves it over HTTP at the path `/mcp`, until the process is told to stop
    /// (SIGTERM, SIGINT). Then running calls have
    /// [`Limits::drain_on_signal`](crate::Limits::drain_on_signal) to end, and are dropped. A handler that
    /// blocks its thread cannot be dropped, and would keep the runtime from ending: where there is one, the
    /// process exits with status 1 within two more seconds.
    ///
    /// The address has to be one of this machine (`127.0.0.1:8080`); for others there is
    /// [`BuiltServer::serve_http_with`], which takes the names that clients use.
    ///
    /// # Errors
    /// When the server cannot be built, or the address cannot be listened on or is reached by other machines.
    pub async fn serve_http(self, address: impl ToSocketAddrs) -> Result<(), ServeError> {
        self.build()?.serve_http(address).await
    }
}

impl BuiltServer {
    /// See [`Server::serve_http`].
    ///
    /// # Errors
    /// When the address cannot be listened on or is reached by other machines.
    pub async fn serve_http(&self, address: impl ToSocketAddrs) -> Result<(), ServeError> {
        let listener = TcpListener::bind(address).await.map_err(ServeError::listen)?;
        let serving = Serving::new(self, &listener, HttpOptions::new())?;
        let (stop, over) = watch::begin(&serving.limits, std::future::pending()).split();
        let tasks = serving.service.tasks().clone();
        let outcome = serving.run(listener, stop).await;
        over.send(Box::new(move || tasks.count() > 0)).ok(); // The watch may have ended for want of a thread.
        outcome
    }

    /// Serves HTTP/1 and HTTP/2 on a socket until `stop` is done.
    ///
    /// Then it accepts no more, ends `subscriptions/listen` streams with their results, and gives running
    /// calls [`Limits::drain_on_signal`](crate::Limits::drain_on_signal) to end. Dropping the future drops
    /// every connection at once, with its handlers.
    ///
    /// # Errors
    /// When other machines reach the socket and `options` do not say which hosts are served. At the end, when a
    /// handler blocks its thread and so was not dropped within half a second.
    pub async fn serve_http_with(
        &self,
        listener: TcpListener,
        options: HttpOptions,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        Serving::new(self, &listener, options)?.run(listener, stop).await
    }
}

/// The next connection. What goes wrong with one is no reason to stop.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed. Connections over the bound wait in the system's queue.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, place),
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be accepted now");
                sleep(EXHAUSTED).await;
            }
        }
    }
}

fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

fn builder(limits: &Limits, tasks: Tasks) -> Builder<Tasks> {
    let http = &limits.http;
    let mut builder = Builder::new(tasks);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None) // The socket has its own, which starts earlier.
        .max_headers(http.header_fields)
        .max_buf_size(http.head_bytes.max(8 << 10));
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(Duration::from_secs(20))
        .max_concurrent_streams(Some(http.http2_streams))
        .max_pending_accept_reset_streams(Some(http.http2_pending_resets))
        .max_local_error_reset_streams(Some(http.http2_local_resets))
        .max_header_list_size(http.http2_header_bytes);
    builder
}

/// What connections share.
struct Serving {
    builder: Builder<Tasks>,
    service: HttpService,
    limits: Limits,
    stopping: sync::watch::Sender<bool>,
}

impl Serving {
    fn new(
        server: &BuiltServer,
        listener: &TcpListener,
        mut options: HttpOptions,
    ) -> Result<Self, ServeError> {
        let address = listener.local_addr().map_err(ServeError::listen)?;
        if !address.ip().is_loopback() && options.hosts.is_empty() && !options.any_host {
            return Err(ServeError::exposed(address));
        }
        options.path.get_or_insert_with(|| HttpOptions::PATH.into());
        let limits = server.0.limits.clone();
        let service = server.clone().into_service_with(options);
        let builder = builder(&limits, service.tasks().clone());
        Ok(Self { builder, service, limits, stopping: sync::watch::Sender::new(false) })
    }

    async fn run(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let address = listener.local_addr().map_err(ServeError::listen)?;
        tracing::info!(%address, "serving");
        let mut connections = JoinSet::new();
        {
            let mut stop = pin!(stop);
            let places = Arc::new(Semaphore::new(self.limits.http.connections.min(Semaphore::MAX_PERMITS)));
            loop {
                tokio::select! {
                    biased;
                    () = &mut stop => break,
                    Some(_) = connections.join_next() => {}
                    (stream, peer, place) = accept(&listener, &places) => {
                        connections.spawn(self.connection(stream, peer, place));
                    }
                }
            }
        }
        drop(listener);
        self.service.close();
        self.stopping.send_replace(true);
        let tasks = self.service.tasks();
        if timeout(self.limits.drain_on_signal, tasks.done()).await.is_err() {
            tracing::warn!(tasks = tasks.count(), "calls were still running; they are dropped");
        }
        connections.abort_all();
        self.service.end();
        match timeout(GIVE_UP, tasks.done()).await {
            Ok(()) => Ok(()),
            Err(_) => Err(ServeError::blocked(tasks.count())),
        }
    }

    fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        place: Option<OwnedSemaphorePermit>,
    ) -> impl Future<Output = ()> + Send + 'static {
        // Answers are single writes; waiting for more to send only costs time.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was refused");
        }
        let activity = Activity::default();
        let socket = TokioIo::new(Socket::new(stream, activity.clone(), &self.limits));
        let connected = Connected { service: self.service.clone(), peer: PeerAddress(peer), activity };
        let builder = self.builder.clone();
        let mut stopping = self.stopping.subscribe();
        let stopped = async move { stopping.wait_for(|stopping| *stopping).await.map(drop) };
        let task = self.service.tasks().begin();
        async move {
            let _held = (place, task);
            let mut connection = pin!(builder.serve_connection(socket, connected));
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                _ = stopped => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%peer, error, "a connection broke");
            }
        }
    }
}

/// Calls that outlive their connections end with serving as well.
impl Drop for Serving {
    fn drop(&mut self) {
        self.service.end();
    }
}
