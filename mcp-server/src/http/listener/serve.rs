//! Serving on a TCP socket: accepting, limiting and draining connections (THREAT-6 to THREAT-8,
//! THREAT-10).

use std::future::Future;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::stream::{self, BoxStream, StreamExt as _};
use mcp_core::service::BoxFuture;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::connection::Connections;
use crate::Limits;
use crate::error::ServeError;
use crate::http::HttpOptions;
use crate::server::{Server, ServerBuilder};
use crate::watch;

/// Pause before accepting again when the process has no descriptors left. Fixed: it only keeps the
/// loop from spinning.
const EXHAUSTED: Duration = Duration::from_millis(100);
/// Pause between two probes of TCP keep-alive. Fixed: the time before the first one is the limit
/// that matters.
const PROBE_INTERVAL: Duration = Duration::from_secs(15);
/// Longest time that systems accept for TCP keep-alive.
const MAX_KEEP_ALIVE: Duration = Duration::from_secs(32_767);
/// Time for dropped calls to end. Fixed: what takes longer blocks its thread.
const GIVE_UP: Duration = Duration::from_millis(200);

impl ServerBuilder {
    /// Builds the server and serves it over HTTP at the path `/mcp`, until the process receives
    /// SIGTERM or SIGINT. Then running calls have [`HttpLimits::shutdown_timeout`](crate::http::HttpLimits) to finish, and
    /// are dropped; a second signal drops them at once. A handler that blocks its thread cannot be
    /// dropped and would keep the runtime from ending: the process then exits with status 1 shortly
    /// after.
    ///
    /// The server reports its URL in an event of `tracing` at level `info`, and, if standard error
    /// is a terminal, on a line there. Nothing is written to standard output.
    ///
    /// The address must be one of this machine (`127.0.0.1:8080`); for others use
    /// [`Server::serve_http_with`], which takes the names that clients use.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), mcp_server::ServeError> {
    /// use mcp_server::Server;
    ///
    /// Server::builder("notes", "1.0.0").serve_http("127.0.0.1:8080").await
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the server cannot be built, the address cannot be listened on, or other machines reach
    /// it.
    pub async fn serve_http(self, address: impl ToSocketAddrs) -> Result<(), ServeError> {
        self.build()?.serve_http(address).await
    }
}

impl Server {
    /// Serves the server over HTTP; see [`ServerBuilder::serve_http`].
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), mcp_server::ServeError> {
    /// use mcp_server::Server;
    ///
    /// let server = Server::builder("notes", "1.0.0").build()?;
    /// for finding in server.lint() {
    ///     eprintln!("{finding}"); // What some hosts break on.
    /// }
    /// server.serve_http("127.0.0.1:8080").await
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the address cannot be listened on, or other machines reach it.
    pub async fn serve_http(&self, address: impl ToSocketAddrs) -> Result<(), ServeError> {
        let addresses = lookup_host(address).await.map_err(ServeError::resolve)?;
        let addresses: Vec<SocketAddr> = addresses.collect();
        let listener = match TcpListener::bind(&addresses[..]).await {
            Ok(listener) => listener,
            Err(error) => return Err(ServeError::listen(addresses, error)),
        };
        self.serve_http_and_watch(listener).await
    }

    /// A box, like those below: so the whole server is compiled here, and not in the crate of each
    /// user.
    fn serve_http_and_watch(&self, listener: TcpListener) -> BoxFuture<'_, Result<(), ServeError>> {
        Box::pin(async move {
            let serving = Serving::new(self, &listener, HttpOptions::new())?;
            announce(&self.definition.info.name, &serving.1);
            let timeout = serving.0.limits.http.shutdown_timeout;
            let (watch, watchdog) = watch::prepare(timeout, None);
            let (stops, over) = watch.split();
            watchdog.start();
            let tasks = serving.0.service.tasks().clone();
            let service = serving.0.service.clone();
            let outcome = serving.run(listener, Box::pin(stops)).await;
            #[cfg(feature = "tasks")]
            self.stop_tasks().await;
            // Tasks that end report their last changes.
            service.leave().await;
            over.send(move || tasks.count() > 0);
            outcome
        })
    }

    /// Serves HTTP/1 and HTTP/2 on a socket until `stop` is done.
    ///
    /// ```no_run
    /// # async fn example(server: mcp_server::Server) -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_server::http::HttpOptions;
    ///
    /// let listener = tokio::net::TcpListener::bind("0.0.0.0:8080").await?;
    /// let options = HttpOptions::new().allow_host("mcp.example.com");
    /// server.serve_http_with(listener, options, std::future::pending()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Then it accepts no more connections, ends `subscriptions/listen` streams with their results,
    /// and gives running calls [`HttpLimits::shutdown_timeout`](crate::http::HttpLimits) to finish. Dropping the future
    /// drops every connection at once, with its handlers.
    ///
    /// The server may be served elsewhere too, so its tasks go on. Call `Server::stop_tasks` (with
    /// the feature `tasks`) when the process ends: otherwise other processes wait for the end of
    /// their leases before they continue them.
    ///
    /// # Errors
    /// When other machines reach the socket and `options` do not name the hosts that are served. At
    /// the end, when a handler blocks its thread and so was not dropped within 200 ms.
    pub async fn serve_http_with(
        &self,
        listener: TcpListener,
        options: HttpOptions,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServeError> {
        self.serve_http_boxed(listener, options, Box::pin(stop)).await
    }

    fn serve_http_boxed<'a>(
        &'a self,
        listener: TcpListener,
        options: HttpOptions,
        stop: BoxFuture<'a, ()>,
    ) -> BoxFuture<'a, Result<(), ServeError>> {
        Box::pin(async move {
            let stops = Box::pin(stream::once(stop));
            let serving = Serving::new(self, &listener, options)?;
            let service = serving.0.service.clone();
            let outcome = serving.run(listener, stops).await;
            service.leave().await;
            outcome
        })
    }
}

/// The next connection. An error of one does not stop the loop.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    limits: &Limits,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed. Connections over the limit wait in the system's queue.
    let place = Arc::clone(places).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = set_options(&stream, limits) {
                    tracing::debug!(%error, "the options of a socket were not set");
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

/// Answers are single writes, so waiting for more to send only costs time. A peer that has vanished
/// is found by probes, or by data that it does not acknowledge.
fn set_options(stream: &TcpStream, limits: &Limits) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let probes = TcpKeepalive::new()
        .with_time(limits.http.tcp_keep_alive.clamp(PROBE_INTERVAL, MAX_KEEP_ALIVE))
        .with_interval(PROBE_INTERVAL);
    let socket = SockRef::from(stream);
    socket.set_tcp_keepalive(&probes)?;
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    {
        // A peer may read nothing for as long as the stall timeout allows.
        let timeout = limits.http.tcp_keep_alive.max(limits.connection.write_stall_timeout);
        socket.set_tcp_user_timeout(Some(timeout.clamp(PROBE_INTERVAL, MAX_KEEP_ALIVE)))?;
    }
    Ok(())
}

fn is_of_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Tells the person who started the server in a terminal where it listens. Others have the event of
/// `tracing`, and hosts that read standard error get no line that they do not expect.
fn announce(name: &str, url: &str) {
    let mut stderr = io::stderr();
    if stderr.is_terminal() {
        // A terminal that is gone must not end the server.
        drop(writeln!(stderr, "{name} listens on {url} (Ctrl+C stops it)"));
    }
}

/// A socket that is served, and the URL of the server.
struct Serving(Arc<Connections>, String);

impl Serving {
    fn new(
        server: &Server,
        listener: &TcpListener,
        mut options: HttpOptions,
    ) -> Result<Self, ServeError> {
        let address = listener.local_addr().map_err(ServeError::socket)?;
        if !address.ip().is_loopback() && options.hosts.is_empty() && !options.any_host {
            return Err(ServeError::exposed(address));
        }
        let path = options.path.get_or_insert_with(|| HttpOptions::PATH.into());
        let url = format!("http://{address}{path}");
        tracing::info!(%address, url, "serving");
        let limits = server.definition.limits().clone();
        Ok(Self(Connections::new(server.clone().into_service_with(options), limits), url))
    }

    /// Accepts the connections that wait in the system's queue: their peers believe that they are
    /// connected, and would lose the requests that they have sent.
    fn accept_waiting(&self, listener: &TcpListener, running: &mut JoinSet<()>) {
        let limits = &self.0.limits;
        // Places do not matter any more, but the number does.
        for _ in running.len()..limits.http.max_connections {
            match listener.accept().now_or_never() {
                Some(Ok((stream, peer))) => {
                    drop(set_options(&stream, limits));
                    running.spawn(self.0.serve(stream, peer, ()));
                }
                Some(Err(error)) if is_of_the_peer(&error) => {}
                Some(Err(_)) | None => return,
            }
        }
    }

    async fn run(self, listener: TcpListener, stops: BoxStream<'_, ()>) -> Result<(), ServeError> {
        let mut stops = stops.fuse();
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
                    (stream, peer, place) = accept(&listener, &places, limits) => {
                        running.spawn(self.0.serve(stream, peer, place));
                    }
                }
            }
        }
        // The runtime may not have noticed them yet.
        tokio::task::yield_now().await;
        self.accept_waiting(&listener, &mut running);
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

/// Calls that outlive their connections end with the accept loop.
impl Drop for Serving {
    fn drop(&mut self) {
        self.0.service.end();
    }
}
