//! How an authorizer is configured: the options of all grants.

use std::fmt;
use std::sync::Arc;

use crate::http::{HttpStack, ProxySettings};
use crate::oauth::authorizer::OAuth;
use crate::oauth::error::Error;
use crate::oauth::fetch::PrivateHosts;
use crate::oauth::grant::AuthorizationGrant;
use crate::oauth::limits::OAuthLimits;
use crate::oauth::options::Options;
use crate::oauth::proof::SigningKey;
use crate::oauth::store::{CredentialStore, MemoryStore};

/// Makes an [`OAuth`]. Some options depend on the grant.
///
/// ```
/// use mcp_client::oauth::{FileStore, OAuth};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("credentials").join("mcp.json");
/// let oauth = OAuth::authorization_code()
///     .client_name("Notes")
///     .store(FileStore::open(path)?)
///     .scopes(["notes:read"])
///     .build();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct OAuthBuilder<G> {
    pub(super) grant: G,
    options: Options,
}

/// Options of all grants.
impl<G> OAuthBuilder<G> {
    pub(super) fn new(grant: G) -> Self {
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
    ///
    /// ```
    /// use mcp_client::oauth::{FileStore, OAuth};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("credentials").join("mcp.json");
    /// // The user logs in once, and not each time that the program starts.
    /// let oauth = OAuth::authorization_code().store(FileStore::open(path)?).build();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn store(mut self, store: impl CredentialStore) -> Self {
        self.options.store = Arc::new(store);
        self
    }

    /// Whose tokens these are, where one store holds those of several users. Authorizers with
    /// different principals never share a token.
    ///
    /// ```
    /// use mcp_client::oauth::{MemoryStore, OAuth};
    ///
    /// // A web application with one store for all its users.
    /// let store = MemoryStore::new();
    /// let for_user = |user: &str| {
    ///     OAuth::authorization_code().store(store.clone()).principal(user).build()
    /// };
    /// let (alice, bob) = (for_user("alice"), for_user("bob"));
    /// ```
    pub fn principal(mut self, principal: impl Into<String>) -> Self {
        self.options.principal = Some(principal.into());
        self
    }

    /// Sends the requests to authorization servers. Default: the network, with connections to
    /// public addresses only. Another stack resolves names by itself and must check their addresses
    /// too.
    ///
    /// ```
    /// use mcp_client::http::Network;
    /// use mcp_client::oauth::OAuth;
    ///
    /// // In a test: the usual network, which may go to any address.
    /// let oauth = OAuth::authorization_code().http_stack(Network::new()).build();
    /// ```
    pub fn http_stack(mut self, stack: impl HttpStack) -> Self {
        self.options.stack = Some(Arc::new(stack));
        self
    }

    /// The proxies for requests to authorization servers. Default: those of the environment
    /// ([`ProxySettings::from_env`]).
    ///
    /// A proxy resolves names itself, so it decides which addresses requests may go to. What the
    /// name has here is checked all the same, if it can be resolved here.
    ///
    /// ```
    /// use mcp_client::http::ProxySettings;
    /// use mcp_client::oauth::OAuth;
    ///
    /// let proxies = ProxySettings::none().https("http://proxy.corp.example:3128");
    /// let oauth = OAuth::authorization_code().proxies(proxies).build();
    /// ```
    pub fn proxies(mut self, proxies: ProxySettings) -> Self {
        self.options.proxies = Some(proxies);
        self
    }

    /// The scopes to request when the server's challenge names none, instead of all that the server
    /// lists.
    ///
    /// ```
    /// use mcp_client::oauth::OAuth;
    ///
    /// // Reading is enough. The server lists "notes:write" and "notes:admin" too.
    /// let oauth = OAuth::authorization_code().scopes(["notes:read"]).build();
    /// ```
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
    ///
    /// ```
    /// use mcp_client::oauth::OAuth;
    ///
    /// // The server at https://eu.notes.example.com/mcp says that it is this one.
    /// let oauth = OAuth::authorization_code().resource("https://notes.example.com/mcp").build();
    /// ```
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
    ///
    /// ```
    /// use mcp_client::oauth::OAuth;
    ///
    /// // The authorization server knows the MCP server by the id of an application.
    /// let oauth = OAuth::authorization_code().resource_parameter("api://notes").build();
    /// ```
    pub fn resource_parameter(mut self, resource: impl Into<String>) -> Self {
        self.options.resource_parameter = Some(resource.into());
        self
    }

    /// The limits of authorization. Default: the field `oauth` of the limits of the client that
    /// connects first, or [`OAuthLimits::new`] if the authorizer is used before
    /// ([`OAuthBuilder::build_for`]).
    ///
    /// ```
    /// use std::time::Duration;
    /// use mcp_client::oauth::{OAuth, OAuthLimits};
    ///
    /// let mut limits = OAuthLimits::new();
    /// limits.request_timeout = Duration::from_secs(30); // A slow authorization server.
    /// let oauth = OAuth::authorization_code().limits(limits).build();
    /// ```
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
    ///
    /// ```
    /// use mcp_client::oauth::OAuth;
    ///
    /// // For a server of 2025-03-26 that answers the first request with 401.
    /// let oauth = OAuth::authorization_code().fallback_2025_03_26(true).build();
    /// ```
    pub fn fallback_2025_03_26(mut self, allowed: bool) -> Self {
        self.options.fallback = allowed;
        self
    }

    /// Allows URLs on private networks for these hosts: names, addresses, or names with a leading
    /// dot for everything below them (`.corp.example`). An MCP server among them may be reached
    /// over `http` if its name or address shows that it is private: `notes.internal`, a name
    /// without a dot, `10.0.0.7`. Default: none.
    ///
    /// The URLs of authorization come from servers: without this list, one of them could make the
    /// client send requests to any host in its own network.
    ///
    /// ```
    /// use mcp_client::oauth::OAuth;
    ///
    /// let oauth = OAuth::authorization_code()
    ///     .allow_private_hosts(["login.corp.example", "notes.internal"])
    ///     .build_for("http://notes.internal/mcp")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// [`SigningKey::generate_with_pem`](crate::oauth::SigningKey::generate_with_pem).
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
    ///
    /// ```
    /// use mcp_client::oauth::{OAuth, SigningKey};
    ///
    /// // For a server that was written for a draft of the extension.
    /// let oauth = OAuth::authorization_code()
    ///     .dpop(SigningKey::generate()?)
    ///     .dpop_content_digest(true)
    ///     .build();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dpop_content_digest(mut self, included: bool) -> Self {
        self.options.dpop_content_digest = included;
        self
    }
}

#[expect(private_bounds, reason = "only this crate has grants")]
impl<G: AuthorizationGrant> OAuthBuilder<G> {
    /// The authorizer, for the server that is connected to with it.
    ///
    /// ```
    /// use mcp_client::Client;
    /// use mcp_client::oauth::OAuth;
    ///
    /// let oauth = OAuth::authorization_code().client_name("Notes").build();
    /// // It is for the first server that is connected to with it, and for no other.
    /// let builder = Client::builder().authorizer(oauth.clone());
    /// ```
    #[must_use]
    pub fn build(self) -> OAuth {
        OAuth::new(self.grant, self.options)
    }

    /// The authorizer of a server, by the URL of its MCP endpoint, before there is a connection:
    /// [`OAuth::status`], [`OAuth::begin_login`], [`OAuth::logout`] and [`OAuth::import`] work at
    /// once.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |_, _| {
    /// use mcp_client::oauth::{LoginStatus, OAuth};
    ///
    /// let oauth = OAuth::authorization_code().build_for("https://mcp.example.com/mcp")?;
    /// assert_eq!(oauth.status().await?, LoginStatus::LoggedOut); // There is no connection yet.
    ///
    /// assert!(OAuth::authorization_code().build_for("http://mcp.example.com/mcp").is_err());
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::oauth::ErrorKind::Configuration) if the URL cannot be that of a
    /// server, or tokens must not be sent there.
    pub fn build_for(self, url: impl AsRef<str>) -> Result<OAuth, Error> {
        let oauth = self.build();
        oauth.bind_to(url.as_ref())?;
        Ok(oauth)
    }
}

impl<G: fmt::Debug> fmt::Debug for OAuthBuilder<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthBuilder").field("grant", &self.grant).finish_non_exhaustive()
    }
}
