//! Connecting over HTTP.

use std::sync::Arc;

use mcp_core::method::{Initialize, Method as _};
use mcp_core::service::BoxFuture;
use mcp_core::transport::TransportError;

use super::ClientBuilder;
use crate::Limits;
use crate::client::Client;
use crate::connect_phase::ConnectPhase;
use crate::connection::Connection;
use crate::era::Reopen;
use crate::error::{Error, ErrorKind};
use crate::http::{
    Authorizer, Binding, Endpoint, HeaderName, HeaderValue, HttpStack, HttpTransport,
};
use crate::inbound::Inbound;
use crate::startup::Startup;

/// Over HTTP.
impl ClientBuilder {
    /// Adds credentials to every request, and obtains new ones when the server refuses them. See
    /// `oauth::OAuth` (feature `oauth`) and [`BearerToken`](crate::http::BearerToken).
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::Client;
    /// use mcp_client::http::BearerToken;
    ///
    /// let token = BearerToken::new(&std::env::var("NOTES_TOKEN")?)?;
    /// let builder = Client::builder().authorizer(token);
    /// let client = builder.connect_http("https://mcp.example.com/mcp").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn authorizer(mut self, authorizer: impl Authorizer) -> Self {
        self.http.authorizer = Some(Arc::new(authorizer));
        self
    }

    /// What sends the HTTP requests. Default: [`Network`](crate::http::Network).
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::Client;
    /// use mcp_client::http::{Network, ProxySettings};
    ///
    /// // Directly, whatever proxy the environment names.
    /// let network = Network::new().with_proxies(&ProxySettings::none());
    /// let builder = Client::builder().http_stack(network);
    /// let client = builder.connect_http("https://mcp.example.com/mcp").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn http_stack(mut self, stack: impl HttpStack) -> Self {
        self.http.stack = Some(Arc::new(stack));
        self
    }

    /// Adds a header field to every request to the server.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::Client;
    /// use mcp_client::http::{HeaderName, HeaderValue};
    ///
    /// let team = HeaderName::from_static("x-team");
    /// let builder = Client::builder().http_header(team, HeaderValue::from_static("research"));
    /// let client = builder.connect_http("https://mcp.example.com/mcp").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn http_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.http.headers.insert(name, value);
        self
    }

    /// Connects to a server on the network, by the URL of its MCP endpoint.
    ///
    /// Finds out which era the server speaks, and whether it speaks HTTP+SSE, the transport of
    /// 2024-11-05.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::{Client, ErrorKind};
    ///
    /// let builder = Client::builder().client_info("my-host", "1.0.0");
    /// match builder.connect_http("https://mcp.example.com/mcp").await {
    ///     Ok(client) => println!("{} tools", client.list_tools().await?.len()),
    ///     Err(error) if error.kind() == ErrorKind::Unauthorized => println!("log in first"),
    ///     Err(error) => return Err(error.into()),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the URL is invalid, the server cannot be reached or refuses, credentials are missing,
    /// or there is no common revision.
    pub async fn connect_http(mut self, url: impl AsRef<str>) -> Result<Client, Error> {
        let endpoint = Endpoint::parse(url.as_ref())
            .map_err(|error| Error::new(ErrorKind::InvalidArgument, error.to_string()))?;
        // A query may hold secrets.
        let name = endpoint.as_str().split_once('?').map_or(endpoint.as_str(), |(name, _)| name);
        self.settings.server_name.get_or_insert_with(|| name.to_owned());
        let inbound = self.inbound()?;
        let limits = &self.settings.limits;
        let transport = HttpTransport::new(endpoint.clone(), &self.http, limits, &inbound);
        if let Some(authorizer) = &self.http.authorizer {
            let known = self.settings.known.as_ref().map(|known| known.revision);
            let expected = self.settings.revision.or(known);
            // An authorizer may outlive the connection, which it does not keep.
            let connection = || Arc::downgrade(&inbound);
            let (for_revision, for_cache, for_open) = (connection(), connection(), connection());
            let for_logout = transport.weak();
            let binding = Binding::new(endpoint)
                .with_limits(limits.clone())
                .with_revision(move || {
                    let inbound = for_revision.upgrade();
                    inbound.and_then(|inbound| inbound.revision.get().copied()).or(expected)
                })
                .on_identity_change(move || {
                    if let Some(inbound) = for_cache.upgrade() {
                        inbound.cache.identity_changed();
                    }
                })
                .on_logout(move || for_logout.logged_out())
                .open_while(move || for_open.strong_count() > 0);
            authorizer.bind(&binding).map_err(Error::unauthorized)?;
        }
        let mut older = OlderHttp {
            transport: transport.clone(),
            limits: limits.clone(),
            inbound: Arc::clone(&inbound),
        };
        let is_older = self.settings.known.as_ref().is_some_and(|known| known.http_sse);
        let startup = Startup::new(&self.settings, &inbound);
        let connecting = async move {
            if is_older && let Ok(connection) = older.reopen().await {
                return self.finish(inbound, connection, None).await;
            }
            let connection = Connection::http(transport, &inbound);
            self.finish(inbound, connection, Some(&mut older)).await
        };
        startup.run(connecting).await
    }
}

/// The transport of 2024-11-05, at the same URL.
struct OlderHttp {
    transport: HttpTransport,
    limits: Limits,
    inbound: Arc<Inbound>,
}

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
            self.inbound.phase.begin(ConnectPhase::OlderTransport);
            let opened = self.transport.open_sse_2024().await;
            let url = self.transport.url();
            let (events, posts) = opened
                .map_err(|error| url.explain(Error::from_call(Initialize::NAME, error.into())))?;
            Ok(Connection::http_sse(url, events, posts, &self.limits, &self.inbound))
        })
    }
}
