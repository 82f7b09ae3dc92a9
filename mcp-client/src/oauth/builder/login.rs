//! The options of a log-in by a user.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::oauth::ClientMetadata;
use mcp_core::service::BoxFuture;

use super::oauth_builder::OAuthBuilder;
use crate::http::BoxError;
use crate::oauth::client::RegisteredClient;
use crate::oauth::grant::AuthorizationCode;
use crate::oauth::login::{AuthorizationUrl, Loopback, Open, Redirection};
use crate::oauth::proof::SigningKey;

/// How the user logs in.
impl OAuthBuilder<AuthorizationCode> {
    /// The name of the client, which the user sees at the log-in where the client is registered
    /// dynamically. Default: "MCP client".
    ///
    /// ```
    /// use mcp_client::oauth::OAuth;
    ///
    /// // "Notes wants to read your notes. [Allow]"
    /// let oauth = OAuth::authorization_code().client_name("Notes").build();
    /// ```
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.grant.registration.metadata.client_name = Some(name.into());
        self
    }

    /// The metadata for a dynamic registration. Redirect URI, application type and authentication
    /// method are set when it is sent; name, grant types and response types too, where they are
    /// absent.
    ///
    /// ```
    /// use mcp_client::oauth::{ClientMetadata, OAuth};
    ///
    /// let metadata = ClientMetadata::new()
    ///     .client_name("Notes")
    ///     .client_uri("https://notes.example.com")
    ///     .logo_uri("https://notes.example.com/logo.png");
    /// let oauth = OAuth::authorization_code().client_metadata(metadata).build();
    /// ```
    pub fn client_metadata(mut self, mut metadata: ClientMetadata) -> Self {
        let defaults = &self.grant.registration.metadata;
        metadata.client_name = metadata.client_name.or_else(|| defaults.client_name.clone());
        metadata.grant_types = metadata.grant_types.or_else(|| defaults.grant_types.clone());
        metadata.response_types =
            metadata.response_types.or_else(|| defaults.response_types.clone());
        self.grant.registration.metadata = metadata;
        self
    }

    /// Where the client's metadata document is published: an `https` URL with a path, which is the
    /// client's id at servers that support such documents. It goes before dynamic registration.
    ///
    /// The document is a [`ClientMetadata`] whose `client_id` is this URL and whose `redirect_uris`
    /// include the one in use: `http://127.0.0.1/callback` stands for any port.
    ///
    /// ```
    /// use mcp_client::oauth::OAuth;
    ///
    /// let oauth = OAuth::authorization_code()
    ///     .client_metadata_url("https://notes.example.com/oauth/client.json")
    ///     .build();
    /// ```
    pub fn client_metadata_url(mut self, url: impl Into<String>) -> Self {
        self.grant.registration.document = Some(url.into());
        self
    }

    /// The key whose public half is in the client's metadata document (`jwks` or `jwks_uri`), where
    /// the document says that the client authenticates with `private_key_jwt`. A client that is
    /// installed on many machines has no such key: it would not be secret.
    ///
    /// ```
    /// use mcp_client::oauth::{OAuth, SigningKey};
    ///
    /// # let key = SigningKey::generate()?;
    /// // A web application; its document has the public half in `jwks`.
    /// let oauth = OAuth::authorization_code()
    ///     .client_metadata_url("https://notes.example.com/oauth/client.json")
    ///     .client_metadata_key(key.with_id("2026-07"))
    ///     .build();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn client_metadata_key(mut self, key: SigningKey) -> Self {
        self.grant.registration.document_key = Some(key);
        self
    }

    /// A client that was registered by hand. It goes before everything else.
    ///
    /// ```
    /// use mcp_client::oauth::{OAuth, RegisteredClient};
    ///
    /// let client = RegisteredClient::new("notes-desktop").issuer("https://login.example.com");
    /// let oauth = OAuth::authorization_code().client(client).build();
    /// ```
    pub fn client(mut self, client: RegisteredClient) -> Self {
        self.grant.registration.client = Some(client);
        self
    }

    /// Opens the URL in a browser, or shows it to the user. Default: the user's browser, as the
    /// system or the variable `BROWSER` names it.
    ///
    /// It must return soon; the user returns through the [loopback](OAuthBuilder::loopback)
    /// listener.
    ///
    /// ```
    /// use mcp_client::oauth::OAuth;
    ///
    /// // A terminal on a machine without a desktop.
    /// let oauth = OAuth::authorization_code()
    ///     .open_browser(|url| {
    ///         eprintln!("Open this page to log in at {}:\n{}", url.origin(), url.as_str());
    ///         Ok(())
    ///     })
    ///     .build();
    /// ```
    pub fn open_browser<F>(mut self, open: F) -> Self
    where
        F: Fn(&AuthorizationUrl) -> io::Result<()> + Send + Sync + 'static,
    {
        let loopback = match self.grant.redirection {
            Redirection::Loopback { loopback, .. } => loopback,
            _ => Loopback::new(),
        };
        self.grant.redirection =
            Redirection::Loopback { loopback, open: Open::Application(Arc::new(open)) };
        self
    }

    /// Where the listener is to which the browser returns.
    ///
    /// ```
    /// use mcp_client::oauth::{Loopback, OAuth};
    ///
    /// // The client was registered with http://127.0.0.1:8976/callback.
    /// let oauth = OAuth::authorization_code().loopback(Loopback::new().port(8976)).build();
    /// ```
    pub fn loopback(mut self, loopback: Loopback) -> Self {
        let open = match self.grant.redirection {
            Redirection::Loopback { open, .. } => open,
            _ => Open::System,
        };
        self.grant.redirection = Redirection::Loopback { loopback, open };
        self
    }

    /// Lets the application take the user to the log-in and back, as a web application or one with
    /// its own URL scheme does: it gets the URL to log in at, and returns the whole URL that the
    /// user was redirected to.
    ///
    /// ```
    /// # async fn show(_: &str) -> std::io::Result<String> { Ok(String::new()) }
    /// use mcp_client::oauth::OAuth;
    ///
    /// let oauth = OAuth::authorization_code()
    ///     .redirect("com.example.notes:/authorized", |url| async move {
    ///         Ok(show(url.as_str()).await?)
    ///     })
    ///     .build();
    /// ```
    pub fn redirect<F, Fut>(mut self, redirect_uri: impl Into<String>, visit: F) -> Self
    where
        F: Fn(AuthorizationUrl) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<String, BoxError>> + Send + 'static,
    {
        let visit = Arc::new(move |url| -> BoxFuture<'static, Result<String, BoxError>> {
            Box::pin(visit(url))
        });
        self.grant.redirection = Redirection::Application { uri: redirect_uri.into(), visit };
        self
    }

    /// Leaves the log-in to the application's own interface, which begins it when its user wants to
    /// ([`OAuth::begin_login`](crate::oauth::OAuth::begin_login)). Calls never begin one: they fail with
    /// [`ErrorKind::LoginRequired`](crate::oauth::ErrorKind::LoginRequired).
    ///
    /// ```no_run
    /// # async fn show(_: &str) {}
    /// # async fn callback() -> String { String::new() }
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::Client;
    /// use mcp_client::oauth::{LoginStatus, OAuth};
    ///
    /// let url = "https://mcp.example.com/mcp";
    /// let oauth = OAuth::authorization_code()
    ///     .host_login("com.example.notes:/authorized")
    ///     .build_for(url)?;
    /// if !matches!(oauth.status().await?, LoginStatus::LoggedIn(_)) {
    ///     let login = oauth.begin_login().await?;
    ///     show(login.url().as_str()).await;
    ///     login.finish(&callback().await).await?;
    /// }
    /// let client = Client::builder().authorizer(oauth.clone()).connect_http(url).await?;
    /// // ... and later:
    /// oauth.logout().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn host_login(mut self, redirect_uri: impl Into<String>) -> Self {
        self.grant.redirection = Redirection::Host { uri: redirect_uri.into() };
        self
    }

    /// How long the user may take to log in. Default: 5 minutes.
    ///
    /// ```
    /// use std::time::Duration;
    /// use mcp_client::oauth::OAuth;
    ///
    /// // The log-in sends a code by mail.
    /// let oauth = OAuth::authorization_code().login_timeout(Duration::from_secs(15 * 60)).build();
    /// ```
    pub fn login_timeout(mut self, timeout: Duration) -> Self {
        self.grant.login_timeout = timeout;
        self
    }

    /// Whether the scope `offline_access` is requested, beside others, where the authorization
    /// server lists it: some give refresh tokens only then. Default: yes.
    ///
    /// ```
    /// use mcp_client::oauth::OAuth;
    ///
    /// // For a shared machine: the log-in ends with the access token.
    /// let oauth = OAuth::authorization_code().offline_access(false).build();
    /// ```
    pub fn offline_access(mut self, requested: bool) -> Self {
        self.grant.offline_access = requested;
        self
    }
}
