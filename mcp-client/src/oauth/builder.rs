//! How an authorizer is configured: the start of each grant, and the options.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::oauth::ClientMetadata;
use mcp_core::service::BoxFuture;

use super::authorizer::OAuth;
use super::client::RegisteredClient;
use super::error::Error;
use super::fetch::PrivateHosts;
use super::grant::{
    AssertionSource, AuthorizationCode, AuthorizationGrant, ClientCredentials, EnterpriseManaged,
    IdentityProvider, WorkloadIdentity,
};
use super::limits::OAuthLimits;
use super::login::{AuthorizationUrl, Loopback, Open, Redirection};
use super::options::Options;
use super::proof::SigningKey;
use super::store::{CredentialStore, MemoryStore};
use crate::http::{BoxError, HttpStack, ProxySettings};

/// Makes an [`OAuth`]. Some options depend on the grant.
#[must_use = "a builder does nothing until `build`"]
pub struct OAuthBuilder<G> {
    grant: G,
    options: Options,
}

/// Where an authorizer begins: with its grant.
impl OAuth {
    /// A user logs in with a browser: for desktop programs, command lines and web applications.
    pub fn authorization_code() -> OAuthBuilder<AuthorizationCode> {
        OAuthBuilder::new(AuthorizationCode::new(Redirection::Loopback {
            loopback: Loopback::new(),
            open: Open::System,
        }))
    }

    /// A program acts for itself, without a user: with the secret of its client, or better with its
    /// key.
    ///
    /// ```
    /// # fn example(pem: &str) -> Result<(), mcp_client::oauth::Error> {
    /// use mcp_client::oauth::{OAuth, RegisteredClient, SigningAlgorithm, SigningKey};
    ///
    /// let key = SigningKey::from_pem(SigningAlgorithm::Es256, pem)?;
    /// let client = RegisteredClient::new("nightly-report")
    ///     .private_key(key)
    ///     .issuer("https://login.example.com");
    /// let oauth = OAuth::client_credentials(client).scopes(["reports:read"]).build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn client_credentials(client: RegisteredClient) -> OAuthBuilder<ClientCredentials> {
        OAuthBuilder::new(ClientCredentials::new(client))
    }

    /// A program acts for itself with the token that its platform gives it (Kubernetes, a cloud, a
    /// build service), so that there is no secret to keep. The source is asked each time that a
    /// token is needed.
    ///
    /// The client needs its [issuer](RegisteredClient::issuer): the platform's token goes there.
    ///
    /// ```
    /// use mcp_client::http::BoxError;
    /// use mcp_client::oauth::{AssertionRequest, OAuth, RegisteredClient, Secret};
    ///
    /// let platform = |_: AssertionRequest| async {
    ///     // A projected token, whose audience is the authorization server.
    ///     let path = "/var/run/secrets/tokens/mcp";
    ///     Ok::<_, BoxError>(Secret::from(std::fs::read_to_string(path)?.trim().to_owned()))
    /// };
    /// let client = RegisteredClient::new("indexer").issuer("https://login.example.com");
    /// let oauth = OAuth::workload_identity(client, platform).build();
    /// ```
    pub fn workload_identity(
        client: RegisteredClient,
        platform: impl AssertionSource,
    ) -> OAuthBuilder<WorkloadIdentity> {
        OAuthBuilder::new(WorkloadIdentity::new(client, platform))
    }

    /// A user of a company whose identity provider decides which MCP servers may be used, so that
    /// users do not log in to each. The client is the one that the MCP server's authorization
    /// server knows; the identity provider knows another one.
    ///
    /// ```
    /// use mcp_client::oauth::{IdentityProvider, OAuth, RegisteredClient, Secret};
    ///
    /// # let id_token = Secret::new("");
    /// let at_company = RegisteredClient::new("desktop");
    /// let provider =
    ///     IdentityProvider::new("https://login.company.example", at_company, id_token);
    /// let client = RegisteredClient::new("company-desktop")
    ///     .secret(Secret::new("s3cret"))
    ///     .issuer("https://login.example.com");
    /// let oauth = OAuth::enterprise_managed(client, provider).build();
    /// ```
    pub fn enterprise_managed(
        client: RegisteredClient,
        provider: IdentityProvider,
    ) -> OAuthBuilder<EnterpriseManaged> {
        OAuthBuilder::new(EnterpriseManaged::new(client, provider))
    }
}

/// Options of all grants.
impl<G> OAuthBuilder<G> {
    fn new(grant: G) -> Self {
        let options = Options {
            stack: None,
            store: Arc::new(MemoryStore::new()),
            principal: None,
            dpop: None,
            dpop_content_digest: false,
            scopes: None,
            resource: None,
            resource_parameter: None,
            limits: None,
            proxies: None,
            fallback: false,
            private_hosts: PrivateHosts::default(),
        };
        Self { grant, options }
    }

    /// Where registrations and tokens are kept. Default: in memory, until the process ends.
    pub fn store(mut self, store: impl CredentialStore) -> Self {
        self.options.store = Arc::new(store);
        self
    }

    /// Whose tokens these are, where one store holds those of several users. Authorizers with
    /// different principals never share a token.
    pub fn principal(mut self, principal: impl Into<String>) -> Self {
        self.options.principal = Some(principal.into());
        self
    }

    /// Sends the requests to authorization servers. Default: the network, with connections to
    /// public addresses only. Another stack resolves names by itself and must check their addresses
    /// too.
    pub fn http_stack(mut self, stack: impl HttpStack) -> Self {
        self.options.stack = Some(Arc::new(stack));
        self
    }

    /// The proxies for requests to authorization servers. Default: those of the environment
    /// ([`ProxySettings::from_env`]).
    ///
    /// A proxy resolves names itself, so it decides which addresses requests may go to. What the
    /// name has here is checked all the same, if it can be resolved here.
    pub fn proxies(mut self, proxies: ProxySettings) -> Self {
        self.options.proxies = Some(proxies);
        self
    }

    /// The scopes to request when the server's challenge names none, instead of all that the server
    /// lists.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes = scopes.into_iter().map(|scope| scope.as_ref().to_owned());
        self.options.scopes = Some(scopes.collect());
        self
    }

    /// The resource identifier of the MCP server, byte for byte, where its metadata has another one
    /// than its URL. Set it only for a server that you trust: tokens are requested for this
    /// resource, and are valid wherever it is accepted.
    ///
    /// By default the metadata must name the server's URL; metadata about the whole origin may name
    /// the origin (RFC 9728 §3.3).
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.options.resource = Some(resource.into());
        self
    }

    /// Requests tokens for this resource (RFC 8707 `resource`), whatever the metadata of the server
    /// says: for an authorization server that knows the MCP server by another name. The metadata is
    /// checked all the same. Default: the resource identifier in the metadata.
    ///
    /// The value decides where the tokens are accepted. With that of another server, this one
    /// receives tokens that are valid there, and can use them in the name of the user. So it must
    /// come from the configuration of the application or from its user, and never from a server.
    pub fn resource_parameter(mut self, resource: impl Into<String>) -> Self {
        self.options.resource_parameter = Some(resource.into());
        self
    }

    /// The limits of authorization. Default: the field `oauth` of the limits of the client that
    /// connects first, or [`OAuthLimits::new`] if the authorizer is used before
    /// ([`OAuthBuilder::build_for`]).
    pub fn limits(mut self, limits: OAuthLimits) -> Self {
        self.options.limits = Some(limits);
        self
    }

    /// Whether an MCP server without protected resource metadata may be its own authorization
    /// server, as in 2025-03-26: with metadata at its origin, or else with `/authorize`, `/token`
    /// and `/register` there. Default: only after that revision was negotiated.
    ///
    /// A server that refuses the first request with 401 negotiates nothing before, so a server of
    /// 2025-03-26 that does so needs this option, or a client that is pinned to the revision.
    pub fn fallback_2025_03_26(mut self, allowed: bool) -> Self {
        self.options.fallback = allowed;
        self
    }

    /// Allows URLs on private networks for these hosts: names, addresses, or names with a leading
    /// dot for everything below them (`.corp.example`). An MCP server among them may be reached
    /// over `http`. Default: none.
    ///
    /// The URLs of authorization come from servers: without this list, one of them could make the
    /// client send requests to any host in its own network.
    pub fn allow_private_hosts<S: AsRef<str>>(
        mut self,
        hosts: impl IntoIterator<Item = S>,
    ) -> Self {
        self.options.private_hosts = PrivateHosts::new(hosts);
        self
    }

    /// Binds tokens to a key (DPoP, RFC 9449): a stolen token is useless without the key. The
    /// authorization server must support DPoP; a token that is not bound is not used.
    ///
    /// Where tokens are kept longer than the process lives, the key must be kept too:
    /// [`SigningKey::generate_with_pem`](super::SigningKey::generate_with_pem).
    ///
    /// ```
    /// # fn example() -> Result<(), mcp_client::oauth::Error> {
    /// use mcp_client::oauth::{OAuth, SigningKey};
    ///
    /// let oauth = OAuth::authorization_code().dpop(SigningKey::generate()?).build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn dpop(mut self, key: SigningKey) -> Self {
        self.options.dpop = Some(key);
        self
    }

    /// Whether DPoP proofs for the MCP server have a digest of the request's body in the claim
    /// `content_digest`, as earlier drafts of the extension required. Default: no. RFC 9449 has no
    /// such claim; servers that do not know it ignore it.
    pub fn dpop_content_digest(mut self, included: bool) -> Self {
        self.options.dpop_content_digest = included;
        self
    }
}

#[expect(private_bounds, reason = "the grants are those of this module")]
impl<G: AuthorizationGrant> OAuthBuilder<G> {
    /// The authorizer, for the server that is connected to with it.
    #[must_use]
    pub fn build(self) -> OAuth {
        OAuth::new(self.grant, self.options)
    }

    /// The authorizer of a server, by the URL of its MCP endpoint, before there is a connection:
    /// [`OAuth::status`], [`OAuth::begin_login`], [`OAuth::logout`] and [`OAuth::import`] work at
    /// once.
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](super::ErrorKind::Configuration) if the URL cannot be that of a
    /// server, or tokens must not be sent there.
    pub fn build_for(self, url: impl AsRef<str>) -> Result<OAuth, Error> {
        let oauth = self.build();
        oauth.bind_to(url.as_ref())?;
        Ok(oauth)
    }
}

/// How the user logs in.
impl OAuthBuilder<AuthorizationCode> {
    /// The name of the client, which the user sees at the log-in where the client is registered
    /// dynamically. Default: "MCP client".
    pub fn client_name(mut self, name: impl Into<String>) -> Self {
        self.grant.registration.metadata.client_name = Some(name.into());
        self
    }

    /// The metadata for a dynamic registration. Redirect URI, application type and authentication
    /// method are set when it is sent; name, grant types and response types too, where they are
    /// absent.
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
    pub fn client_metadata_url(mut self, url: impl Into<String>) -> Self {
        self.grant.registration.document = Some(url.into());
        self
    }

    /// The key whose public half is in the client's metadata document (`jwks` or `jwks_uri`), where
    /// the document says that the client authenticates with `private_key_jwt`. A client that is
    /// installed on many machines has no such key: it would not be secret.
    pub fn client_metadata_key(mut self, key: SigningKey) -> Self {
        self.grant.registration.document_key = Some(key);
        self
    }

    /// A client that was registered by hand. It goes before everything else.
    pub fn client(mut self, client: RegisteredClient) -> Self {
        self.grant.registration.client = Some(client);
        self
    }

    /// Opens the URL in a browser, or shows it to the user. Default: the user's browser, as the
    /// system or the variable `BROWSER` names it.
    ///
    /// It must return soon; the user returns through the [loopback](OAuthBuilder::loopback)
    /// listener.
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
    /// ([`OAuth::begin_login`]). Calls never begin one: they fail with
    /// [`ErrorKind::LoginRequired`](super::ErrorKind::LoginRequired).
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
    pub fn login_timeout(mut self, timeout: Duration) -> Self {
        self.grant.login_timeout = timeout;
        self
    }

    /// Whether the scope `offline_access` is requested, beside others, where the authorization
    /// server lists it: some give refresh tokens only then. Default: yes.
    pub fn offline_access(mut self, requested: bool) -> Self {
        self.grant.offline_access = requested;
        self
    }
}

impl<G: fmt::Debug> fmt::Debug for OAuthBuilder<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthBuilder").field("grant", &self.grant).finish_non_exhaustive()
    }
}
