//! What a client is made of, and how it connects.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::Limits;
use mcp_core::json::JsonObject;
use mcp_core::jsonrpc::ErrorObject;
use mcp_core::revision::Revision;
use mcp_core::service::{Accept, BoxFuture, BoxService, Service};
#[cfg(feature = "http")]
use mcp_core::transport::TransportError;
use mcp_core::types::{
    ClientCapabilities, CreateMessageParams, CreateMessageResult, ElicitFormParams, ElicitResult,
    ElicitUrlParams, Implementation, Root,
};
use tokio::io::{AsyncRead, AsyncWrite};

#[cfg(feature = "http")]
use crate::cache::Change;
use crate::cache::{Cache, SharedCache};
use crate::child_process::ChildCommand;
use crate::client::Client;
use crate::connection::Connection;
use crate::era::{KnownServer, Reopen, Settings, establish};
use crate::error::{Error, ErrorKind};
use crate::handler::Handlers;
#[cfg(feature = "http")]
use crate::http::{
    Authorizer, Binding, Endpoint, HeaderName, HeaderValue, HttpSettings, HttpStack, HttpTransport,
};
use crate::inbound::Inbound;
use crate::request::Timeouts;

/// Makes a [`Client`]: begin with [`Client::builder`], end with one of the `connect` methods.
///
/// ```no_run
/// # async fn example() -> Result<(), mcp_client::Error> {
/// use std::process::Command;
/// use mcp_client::types::ElicitResult;
/// use mcp_client::Client;
///
/// let client = Client::builder()
///     .client_info("my-host", "1.0.0")
///     .on_elicit(|form| async move {
///         println!("{}", form.message);
///         Ok(ElicitResult::decline())
///     })
///     .connect_command(Command::new("notes-server"))
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until it connects"]
pub struct ClientBuilder {
    /// Where results are kept, if others keep theirs there.
    cache: Option<Cache>,
    settings: Settings,
    handlers: Handlers,
    #[cfg(feature = "http")]
    http: HttpSettings,
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            cache: None,
            settings: Settings {
                client_info: Implementation::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
                revision: None,
                known: None,
                probe_patience: Duration::from_secs(5),
                timeouts: Timeouts::default(),
                limits: Limits::new(),
            },
            handlers: Handlers::default(),
            #[cfg(feature = "http")]
            http: HttpSettings::default(),
        }
    }

    /// Who the client says it is: its name and version.
    pub fn client_info(self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.implementation(Implementation::new(name, version))
    }

    /// Who the client says it is, with title, website and icons.
    pub fn implementation(mut self, info: Implementation) -> Self {
        self.settings.client_info = info;
        self
    }

    /// How long the server may be silent about a call. Default: 60 s.
    ///
    /// Progress begins the time anew; time that the server spends waiting for a handler of this client does
    /// not count.
    pub fn timeout(mut self, idle: Duration) -> Self {
        self.settings.timeouts.idle = idle;
        self
    }

    /// How long a call may take in all; nothing extends it. Default: 10 minutes.
    pub fn total_timeout(mut self, total: Duration) -> Self {
        self.settings.timeouts.total = total;
        self
    }

    /// How long a server may take to say which era it speaks, before it is taken for a legacy one.
    /// Default: 5 s.
    pub fn probe_timeout(mut self, patience: Duration) -> Self {
        self.settings.probe_patience = patience;
        self
    }

    /// Speaks this revision or none. A legacy one is offered in a handshake without a probe.
    pub fn revision(mut self, revision: Revision) -> Self {
        self.settings.revision = Some(revision);
        self
    }

    /// What an earlier client found out about the server ([`Client::known_server`]): saves the question which era
    /// it speaks.
    pub fn known_server(mut self, known: KnownServer) -> Self {
        self.settings.known = Some(known);
        self
    }

    /// The bounds of what is accepted and held. Default: [`Limits::new`].
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Keeps results that may be kept where other clients keep theirs. Without it a client keeps them for itself.
    ///
    /// `server` is what the host calls the server, such as its URL: results are shared under it, so that it must not be
    /// anything that a server says of itself. `principal` is the authorization context: clients with other rights must
    /// have another one. Results that the server says are public are served to all principals of the server.
    pub fn shared_cache(
        mut self,
        cache: &SharedCache,
        server: impl AsRef<str>,
        principal: impl AsRef<str>,
    ) -> Self {
        self.cache = Some(cache.scoped(server.as_ref(), principal.as_ref()));
        self
    }

    /// Fills in forms for the server (elicitation), and declares that the client does.
    ///
    /// The handler has to show which server asks, and to let the user review, decline and cancel (EL-8).
    pub fn on_elicit<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(ElicitFormParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult, ErrorObject>> + Send + 'static,
    {
        self.handlers.set_form(handler);
        self
    }

    /// Sends the user to a URL for the server (elicitation), and declares that the client does.
    ///
    /// The handler has to show host and URL, to get consent before it opens anything, and must not fetch the
    /// URL itself (EL-8, EL-9).
    pub fn on_elicit_url<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(ElicitUrlParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult, ErrorObject>> + Send + 'static,
    {
        self.handlers.set_url(handler);
        self
    }

    /// Asks the client's model for the server (sampling), and declares that the client does.
    pub fn on_create_message<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(CreateMessageParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<CreateMessageResult, ErrorObject>> + Send + 'static,
    {
        self.handlers.set_create_message(handler);
        self
    }

    /// Declares that the sampling handler honours `tools` and `toolChoice`. Without it such a question is
    /// refused before it comes to the handler.
    pub fn sampling_tools(mut self) -> Self {
        self.handlers.sampling_tools = true;
        self
    }

    /// Lets the server look at these roots, and declares that the client has some. They can be changed with
    /// [`Client::set_roots`].
    pub fn roots(mut self, roots: impl IntoIterator<Item = Root>) -> Self {
        self.handlers.set_roots(roots.into_iter().collect());
        self
    }

    /// Declares an extension with its settings.
    pub fn extension(mut self, id: impl Into<String>, settings: JsonObject) -> Self {
        let extensions = self.handlers.declared.extensions.get_or_insert_default();
        extensions.insert(id.into(), settings.into());
        self
    }

    /// Declares capabilities beside those that follow from the handlers.
    pub fn capabilities(mut self, declared: ClientCapabilities) -> Self {
        self.handlers.declared = declared;
        self
    }

    /// Starts a server as a child process and connects to it. See [`ChildCommand`] for what it gets.
    ///
    /// # Errors
    /// When the process cannot be started, ends, or speaks no common revision.
    pub async fn connect_command(self, command: impl Into<ChildCommand>) -> Result<Client, Error> {
        let mut command = command.into();
        let limits = self.settings.limits.clone();
        let inbound = self.inbound();
        let for_open = Arc::clone(&inbound);
        let mut restart = Restart(move || Connection::child(command.spawn()?, &limits, &for_open));
        let connection = (restart.0)()?;
        self.finish(inbound, connection, Some(&mut restart)).await
    }

    /// Connects over a pair of byte streams, such as a socket: one JSON-RPC message a line.
    ///
    /// # Errors
    /// When the connection fails, or there is no common revision.
    pub async fn connect<R, W>(self, reader: R, writer: W) -> Result<Client, Error>
    where
        R: AsyncRead + Unpin + Send + 'static,
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let inbound = self.inbound();
        let connection = Connection::stream(reader, writer, &self.settings.limits, &inbound);
        self.finish(inbound, connection, None).await
    }

    /// Connects to a server in this process, without bytes in between.
    ///
    /// # Errors
    /// When there is no common revision.
    pub async fn connect_memory<A: Accept>(self, server: &A) -> Result<Client, Error> {
        let inbound = self.inbound();
        let connection = Connection::memory(server, &self.settings.limits, &inbound);
        self.finish(inbound, connection, None).await
    }

    /// Connects through any [`Service`], such as a transport or layers around one.
    ///
    /// `open` makes the way to the server from the way back: the service that takes the server's requests
    /// and notifications.
    ///
    /// # Errors
    /// When the service fails, or there is no common revision.
    pub async fn connect_service<S: Service>(
        self,
        open: impl FnOnce(BoxService) -> S,
    ) -> Result<Client, Error> {
        let inbound = self.inbound();
        let connection = Connection::service(open, &inbound);
        self.finish(inbound, connection, None).await
    }

    fn inbound(&self) -> Arc<Inbound> {
        let mut inbound = Inbound::new(self.handlers.clone(), &self.settings.limits);
        if let Some(cache) = &self.cache {
            inbound.cache = cache.clone();
        }
        Arc::new(inbound)
    }

    async fn finish(
        self,
        inbound: Arc<Inbound>,
        connection: Connection,
        reopen: Option<&mut dyn Reopen>,
    ) -> Result<Client, Error> {
        let (wire, session) = establish(&self.settings, &inbound, connection, reopen).await?;
        Ok(Client::new(wire, session, self.settings.timeouts))
    }
}

/// Over HTTP.
#[cfg(feature = "http")]
impl ClientBuilder {
    /// Puts credentials on every request, and gets other ones when the server refuses them. See `oauth::OAuth`
    /// (feature `oauth`) and [`BearerToken`](crate::http::BearerToken).
    pub fn authorizer(mut self, authorizer: impl Authorizer) -> Self {
        self.http.authorizer = Some(Arc::new(authorizer));
        self
    }

    /// What sends the HTTP requests. Default: [`Network`](crate::http::Network).
    pub fn http_stack(mut self, stack: impl HttpStack) -> Self {
        self.http.stack = Some(Arc::new(stack));
        self
    }

    /// Adds a header field to every request to the server.
    pub fn http_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.http.headers.insert(name, value);
        self
    }

    /// Connects to a server on the network, by the URL of its MCP endpoint.
    ///
    /// Which era the server speaks is found out; so is whether it speaks HTTP+SSE, the transport of 2024-11-05.
    ///
    /// # Errors
    /// When the URL is none, the server cannot be reached or refuses, there is no authorization, or no common
    /// revision.
    pub async fn connect_http(self, url: impl AsRef<str>) -> Result<Client, Error> {
        let endpoint = Endpoint::parse(url.as_ref())
            .map_err(|error| Error::new(ErrorKind::InvalidArgument, error.to_string()))?;
        let inbound = self.inbound();
        let limits = &self.settings.limits;
        if let Some(authorizer) = &self.http.authorizer {
            let known = self.settings.known.as_ref().map(|known| known.revision);
            let expected = self.settings.revision.or(known);
            let (for_revision, for_cache) = (Arc::clone(&inbound), Arc::clone(&inbound));
            let binding = Binding::new(endpoint.clone())
                .with_limits(limits.clone())
                .with_revision(move || for_revision.revision.get().copied().or(expected))
                .on_identity_change(move || for_cache.cache.invalidate(Change::Any));
            authorizer.bind(&binding).map_err(Error::unauthorized)?;
        }
        let transport = HttpTransport::new(endpoint, &self.http, limits, &inbound);
        let mut older = OlderHttp {
            transport: transport.clone(),
            limits: limits.clone(),
            inbound: Arc::clone(&inbound),
        };
        let is_older = self.settings.known.as_ref().is_some_and(|known| known.http_sse);
        if is_older && let Ok(connection) = older.reopen().await {
            return self.finish(inbound, connection, None).await;
        }
        let connection = Connection::http(transport, &inbound);
        self.finish(inbound, connection, Some(&mut older)).await
    }
}

/// Starts a child process again.
struct Restart<F>(F);

impl<F: FnMut() -> Result<Connection, Error> + Send> Reopen for Restart<F> {
    fn may_help(&self, error: &Error) -> bool {
        error.kind() == ErrorKind::Transport
    }

    fn reopen(&mut self) -> BoxFuture<'_, Result<Connection, Error>> {
        Box::pin(std::future::ready((self.0)()))
    }
}

/// The transport of 2024-11-05, at the same URL.
#[cfg(feature = "http")]
struct OlderHttp {
    transport: HttpTransport,
    limits: Limits,
    inbound: Arc<Inbound>,
}

#[cfg(feature = "http")]
impl Reopen for OlderHttp {
    fn may_help(&self, error: &Error) -> bool {
        // A server of that transport knows no POST at its URL (ERA-11).
        error
            .transport()
            .and_then(TransportError::status)
            .is_some_and(|status| matches!(status, 400 | 404 | 405))
    }

    fn reopen(&mut self) -> BoxFuture<'_, Result<Connection, Error>> {
        Box::pin(async move {
            let opened = self.transport.open_sse_2024().await;
            let (events, posts) =
                opened.map_err(|error| Error::from_call("initialize", error.into()))?;
            Ok(Connection::http_sse(events, posts, &self.limits, &self.inbound))
        })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("client_info", &self.settings.client_info)
            .field("revision", &self.settings.revision)
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}
