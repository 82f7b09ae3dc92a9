//! The grant of a user who logs in. Spec: OAuth 2.1 §4.1; basic/authorization, "Authorization Flow".
//!
//! ```text
//! redirect URI ready ─▶ client known or registered ─▶ user at the authorization endpoint ─▶ answer checked
//!                                                                         ─▶ code and verifier for a token
//! ```

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::oauth::ClientMetadata;
use mcp_core::service::BoxFuture;
use tokio::time::timeout;

use super::authorization_request::AuthorizationRequest;
use super::authorizer::OAuth;
use super::browser::{self, AuthorizationUrl};
use super::builder::OAuthBuilder;
use super::client_authentication::Client;
use super::discovery::Discovered;
use super::environment::Environment;
use super::error::{Error, ErrorKind};
use super::form::Form;
use super::grant::Grant;
use super::jws::SigningKey;
use super::loopback::Loopback;
use super::redirect::Redirection;
use super::registration::{RegisteredClient, Registration};
use super::token::Token;
use super::token_endpoint;
use crate::http::BoxError;

/// How long the user may take to log in.
const LOGIN_TIMEOUT: Duration = Duration::from_secs(300);

/// A user logs in with a browser. Made by [`OAuth::authorization_code`].
#[derive(Clone)]
pub struct AuthorizationCode {
    registration: Registration,
    redirection: Redirection,
    login_timeout: Duration,
    offline_access: bool,
}

impl AuthorizationCode {
    pub(crate) fn new() -> Self {
        let metadata = ClientMetadata::new()
            .client_name("MCP client")
            .grant_types(["authorization_code".to_owned(), "refresh_token".to_owned()])
            .response_types(["code".to_owned()]);
        Self {
            registration: Registration {
                client: None,
                document: None,
                document_key: None,
                metadata,
            },
            redirection: Redirection::Loopback {
                loopback: Loopback::new(),
                open: Arc::new(browser::open),
            },
            login_timeout: LOGIN_TIMEOUT,
            offline_access: true,
        }
    }

    async fn log_in(
        &self,
        environment: &Environment,
        found: &Discovered,
        scope: Option<&str>,
    ) -> Result<(Client, Token), Error> {
        let registered = self.registration.redirect_uri(environment, found).await?;
        let redirect = self.redirection.begin(registered.as_deref()).await?;
        let redirect_uri = redirect.uri().to_owned();
        let client = self.registration.client(environment, found, &redirect_uri).await?;
        let (guard, key) = (environment.fetch.guard(), environment.presentation.key());
        let request =
            AuthorizationRequest::new(guard, found, &client.id, &redirect_uri, scope, key)?;
        tracing::debug!(
            issuer = found.issuer(),
            resource = found.resource,
            scope,
            "the user is asked to log in"
        );
        let Ok(answer) = timeout(self.login_timeout, redirect.answer(&request)).await else {
            // An authorization server that has forgotten the client shows that to the user and never comes back.
            self.registration.forget(environment, found).await?;
            let message = format!("the user did not come back from {} in time", found.issuer());
            return Err(Error::new(ErrorKind::TimedOut, message));
        };
        let code = request.code(&answer?)?;
        let form = || {
            Form::new()
                .with("grant_type", "authorization_code")
                .with("code", code.expose())
                .with("redirect_uri", &redirect_uri)
                .with("code_verifier", request.verifier().expose())
                .with("resource", &found.resource)
        };
        let issued = environment.now();
        let answer =
            token_endpoint::request(environment, found.token_endpoint()?, &client, form).await?;
        Ok((client, answer.into_token(scope, issued)?))
    }
}

impl Grant for AuthorizationCode {
    fn client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, Result<Option<Client>, Error>> {
        Box::pin(self.registration.known(environment, found))
    }

    fn token<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        scope: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(Client, Token), Error>> {
        Box::pin(async move {
            let result = self.log_in(environment, found, scope).await;
            if let Err(error) = &result
                && matches!(error.code(), Some("invalid_client" | "unauthorized_client"))
            {
                self.registration.forget(environment, found).await?;
            }
            result
        })
    }

    fn forget_client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(self.registration.forget(environment, found))
    }

    fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str> {
        let ours = self.registration.client.as_ref().and_then(|client| client.issuer.as_ref());
        let ours = ours.and_then(|ours| issuers.iter().find(|issuer| *issuer == ours));
        ours.or_else(|| issuers.first()).map(String::as_str)
    }

    fn is_interactive(&self) -> bool {
        true
    }

    fn wants_offline_access(&self) -> bool {
        self.offline_access
    }
}

/// How the user logs in.
impl OAuthBuilder<AuthorizationCode> {
    /// The name of the client, which the user sees at the log-in where the client is registered dynamically. Default:
    /// "MCP client".
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.grant.registration.metadata.client_name = Some(name.into());
        self
    }

    /// All that is said about the client in a dynamic registration. Redirect URI, application type and way to
    /// authenticate are set when it is sent; grant and response types too, where they are absent.
    pub fn client_metadata(mut self, mut metadata: ClientMetadata) -> Self {
        let ours = &self.grant.registration.metadata;
        metadata.client_name = metadata.client_name.or_else(|| ours.client_name.clone());
        metadata.grant_types = metadata.grant_types.or_else(|| ours.grant_types.clone());
        metadata.response_types = metadata.response_types.or_else(|| ours.response_types.clone());
        self.grant.registration.metadata = metadata;
        self
    }

    /// Where the client's metadata document is published: an `https` URL with a path, which is the client's id at
    /// servers that know such documents. It goes before dynamic registration.
    ///
    /// The document is a [`ClientMetadata`] whose `client_id` is this URL and whose `redirect_uris` has the one in
    /// use: `http://127.0.0.1/callback` stands for any port.
    pub fn client_metadata_url(mut self, url: impl Into<String>) -> Self {
        self.grant.registration.document = Some(url.into());
        self
    }

    /// The key whose public half is in the client's metadata document (`jwks` or `jwks_uri`), where the document says
    /// that the client authenticates by `private_key_jwt`. A client on many machines has no such key: it would be no
    /// secret.
    pub fn client_metadata_key(mut self, key: SigningKey) -> Self {
        self.grant.registration.document_key = Some(key);
        self
    }

    /// A client that was registered by hand. It goes before everything else.
    pub fn client(mut self, client: RegisteredClient) -> Self {
        self.grant.registration.client = Some(client);
        self
    }

    /// Opens the URL in a browser, or shows it to the user. The default starts the system's own program for URLs.
    ///
    /// It must return soon; the user comes back by the [loopback](OAuthBuilder::loopback) listener.
    pub fn open_browser<F>(mut self, open: F) -> Self
    where
        F: Fn(&AuthorizationUrl) -> io::Result<()> + Send + Sync + 'static,
    {
        let loopback = match self.grant.redirection {
            Redirection::Loopback { loopback, .. } => loopback,
            Redirection::Host { .. } => Loopback::new(),
        };
        self.grant.redirection = Redirection::Loopback { loopback, open: Arc::new(open) };
        self
    }

    /// Where the listener is to which the browser comes back.
    pub fn loopback(mut self, loopback: Loopback) -> Self {
        let open = match self.grant.redirection {
            Redirection::Loopback { open, .. } => open,
            Redirection::Host { .. } => Arc::new(browser::open),
        };
        self.grant.redirection = Redirection::Loopback { loopback, open };
        self
    }

    /// The host takes the user there and back by itself, as one does that is a web application or has a scheme of its
    /// own: it gets the URL to log in at, and gives the whole URL to which the user was sent back.
    ///
    /// ```
    /// # async fn show(_: &str) -> std::io::Result<String> { Ok(String::new()) }
    /// use mcp_client::oauth::OAuth;
    ///
    /// let oauth = OAuth::authorization_code()
    ///     .redirect("com.example.notes:/authorized", |url| async move { Ok(show(url.as_str()).await?) })
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
        self.grant.redirection = Redirection::Host { uri: redirect_uri.into(), visit };
        self
    }

    /// How long the user may take to log in. Default: 5 minutes.
    pub fn login_timeout(mut self, timeout: Duration) -> Self {
        self.grant.login_timeout = timeout;
        self
    }

    /// Whether the scope `offline_access` is asked for, beside others, where the authorization server lists it: some
    /// give refresh tokens only then. Default: yes.
    pub fn offline_access(mut self, asked_for: bool) -> Self {
        self.grant.offline_access = asked_for;
        self
    }

    /// The authorizer, for one connection.
    #[must_use]
    pub fn build(self) -> OAuth {
        self.build_with(|grant| grant)
    }
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationCode")
            .field("registration", &self.registration)
            .field("login_timeout", &self.login_timeout)
            .finish_non_exhaustive()
    }
}
