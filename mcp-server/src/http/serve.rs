//! Serving on a socket of our own: accepting, bounding and draining connections (threats T6 to T8, T10).

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::HttpOptions;
use super::connection::Connections;
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
        let (stop, over) = watch::begin(&serving.0.limits, std::future::pending()).split();
        let tasks = serving.0.service.tasks().clone();
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
        server: &BuiltServer,
        listener: &TcpListener,
        mut options: HttpOptions,
    ) -> Result<Self, ServeError> {
        let address = listener.local_addr().map_err(ServeError::listen)?;
        if !address.ip().is_loopback() && options.hosts.is_empty() && !options.any_host {
            return Err(ServeError::exposed(address));
        }
        options.path.get_or_insert_with(|| HttpOptions::PATH.into());
        tracing::info!(%address, "serving");
        let limits = server.0.limits.clone();
        Ok(Self(Connections::new(server.clone().into_service_with(options), limits)))
    }

    async fn run(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        let Connections { service, limits, .. } = &*self.0;
        let mut running = JoinSet::new();
        {
            let mut stop = pin!(stop);
            let places =
                Arc::new(Semaphore::new(limits.http.connections.min(Semaphore::MAX_PERMITS)));
            loop {
                tokio::select! {
                    biased;
                    () = &mut stop => break,
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
        if timeout(limits.drain_on_signal, tasks.done()).await.is_err() {
            tracing::warn!(tasks = tasks.count(), "calls were still running; they are dropped");
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
