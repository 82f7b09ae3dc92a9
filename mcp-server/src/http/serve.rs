//! Serving on a TCP socket: accepting, bounding and draining connections (THREAT-6 to THREAT-8, THREAT-10).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, Stream, StreamExt as _};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::HttpOptions;
use super::connection::Connections;
use crate::error::ServeError;
use crate::server::{Server, ServerBuilder};
use crate::watch;

/// How long to wait before accepting again when the process has no descriptors left.
const EXHAUSTED: Duration = Duration::from_millis(100);
/// How long what was given up may take to be dropped. What takes longer blocks its thread.
const GIVE_UP: Duration = Duration::from_millis(200);

impl ServerBuilder {
    /// Builds the server and serves it over HTTP at the path `/mcp`, until the process is told to stop
    /// (SIGTERM, SIGINT). Then running calls have [`HttpLimits::shutdown_timeout`](super::HttpLimits) to finish,
    /// and are dropped; a second signal drops them at once. A handler that blocks its thread cannot be dropped
    /// and would keep the runtime from ending: the process then exits with status 1 shortly after.
    ///
    /// The address has to be one of this machine (`127.0.0.1:8080`); for others there is
    /// [`Server::serve_http_with`], which takes the names that clients use.
    ///
    /// # Errors
    /// When the server cannot be built, or the address cannot be listened on or is reached by other machines.
    pub async fn serve_http(self, address: impl ToSocketAddrs) -> Result<(), ServeError> {
        self.build()?.serve_http(address).await
    }
}

impl Server {
    /// See [`Server::serve_http`].
    ///
    /// # Errors
    /// When the address cannot be listened on or is reached by other machines.
    pub async fn serve_http(&self, address: impl ToSocketAddrs) -> Result<(), ServeError> {
        let listener = TcpListener::bind(address).await.map_err(ServeError::listen)?;
        let serving = Serving::new(self, &listener, HttpOptions::new())?;
        let timeout = serving.0.limits.http.shutdown_timeout;
        let (stops, over) = watch::begin(timeout, std::future::pending()).split();
        let tasks = serving.0.service.tasks().clone();
        let outcome = serving.run(listener, stops).await;
        over.send(Box::new(move || tasks.count() > 0)).ok(); // The watching thread may not have started.
        outcome
    }

    /// Serves HTTP/1 and HTTP/2 on a socket until `stop` is done.
    ///
    /// Then it accepts no more, ends `subscriptions/listen` streams with their results, and gives running
    /// calls [`HttpLimits::shutdown_timeout`](super::HttpLimits) to finish. Dropping the future drops every
    /// connection at once, with its handlers.
    ///
    /// # Errors
    /// When other machines reach the socket and `options` do not say which hosts are served. At the end, when a
    /// handler blocks its thread and so was not dropped within 200 ms.
    pub async fn serve_http_with(
        &self,
        listener: TcpListener,
        options: HttpOptions,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        Serving::new(self, &listener, options)?.run(listener, stream::once(stop)).await
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
            Ok((stream, peer)) => {
                // Answers are single writes; waiting for more to send only costs time.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY was refused");
                }
                return (stream, peer, place);
            }
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

/// A socket that is served.
struct Serving(Arc<Connections>);

impl Serving {
    fn new(
        server: &Server,
        listener: &TcpListener,
        mut options: HttpOptions,
    ) -> Result<Self, ServeError> {
        let address = listener.local_addr().map_err(ServeError::listen)?;
        if !address.ip().is_loopback() && options.hosts.is_empty() && !options.any_host {
            return Err(ServeError::exposed(address));
        }
        options.path.get_or_insert_with(|| HttpOptions::PATH.into());
        tracing::info!(%address, "serving");
        let limits = server.definition.limits().clone();
        Ok(Self(Connections::new(server.clone().into_service_with(options), limits)))
    }

    async fn run(
        self,
        listener: TcpListener,
        stops: impl Stream<Item = ()> + Send,
    ) -> Result<(), ServeError> {
        let mut stops = pin!(stops.fuse());
        let Connections { service, limits, .. } = &*self.0;
        let mut running = JoinSet::new();
        {
            let places =
                Arc::new(Semaphore::new(limits.http.max_connections.min(Semaphore::MAX_PERMITS)));
            loop {
                tokio::select! {
                    biased;
                    Some(()) = stops.next() => break,
                    Some(_) = running.join_next() => {}
                    (stream, peer, place) = accept(&listener, &places) => {
                        running.spawn(self.0.serve(stream, peer, place));
                    }
                }
            }
        }
        drop(listener);
        service.close();
        self.0.stop();
        let tasks = service.tasks();
        tokio::select! {
            () = tasks.done() => {}
            () = sleep(limits.http.shutdown_timeout) => {
                tracing::warn!(tasks = tasks.count(), "dropped calls that were still running at shutdown");
            }
            Some(()) = stops.next() => {
                tracing::warn!(tasks = tasks.count(), "dropped running calls at a second request to stop");
            }
        }
        running.abort_all();
        service.end();
        match timeout(GIVE_UP, tasks.done()).await {
            Ok(()) => Ok(()),
            Err(_) => Err(ServeError::blocked(tasks.count())),
        }
    }
}

/// Calls that outlive their connections end with serving as well.
impl Drop for Serving {
    fn drop(&mut self) {
        self.0.service.end();
    }
}
