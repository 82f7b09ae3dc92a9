//! What puts credentials on requests, and what happens when the server refuses them.
//! Spec: basic/authorization.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderValue};
use http::uri::Scheme;
use http::{HeaderMap, Request, StatusCode};
use mcp_core::http_client::BoxError;
use mcp_core::revision::Revision;

use super::endpoint::Endpoint;
use crate::limits::Limits;

/// Puts credentials on every request to one MCP server, and gets other ones when they are refused.
///
/// `oauth::OAuth` (feature `oauth`) authorizes the way the specification says; [`BearerToken`]
/// always sends the same token.
///
/// ```
/// use mcp_client::http::{
///     Authorizer, Binding, BoxError, Bytes, Refusal, Request, Verdict, async_trait,
/// };
///
/// /// Signs each request with a key of the host.
/// struct Signed;
///
/// #[async_trait]
/// impl Authorizer for Signed {
///     fn bind(&self, binding: &Binding) -> Result<(), BoxError> {
///         if binding.endpoint().as_str() == "https://mcp.example.com/mcp" {
///             return Ok(());
///         }
///         Err("the key is for another server".into())
///     }
///
///     async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), BoxError> {
///         request.headers_mut().insert("x-signature", "…".parse()?);
///         Ok(())
///     }
///
///     async fn refused(&self, _: &Refusal) -> Result<Verdict, BoxError> {
///         Ok(Verdict::GiveUp)
///     }
/// }
/// ```
#[async_trait]
pub trait Authorizer: Send + Sync + 'static {
    /// Called once for each connection, before its first request. An authorizer whose credentials
    /// are for another server must refuse: a token never goes to a server that it was not made for.
    ///
    /// # Errors
    /// Why it does not serve this server; the connection is not opened.
    fn bind(&self, binding: &Binding) -> Result<(), BoxError>;

    /// Puts credentials on a request, whose method, URI, header fields and body are final. Called
    /// each time that a request is sent.
    ///
    /// # Errors
    /// Why there are none; the request is not sent.
    async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), BoxError>;

    /// The server refused a request with 401 or 403. May take as long as the user takes to log in.
    ///
    /// # Errors
    /// Why there are no other credentials; the call fails with it.
    async fn refused(&self, refusal: &Refusal) -> Result<Verdict, BoxError>;

    /// Sees the head of every response, such as for a `DPoP-Nonce`.
    fn answered(&self, status: StatusCode, headers: &HeaderMap) {
        let _ = (status, headers);
    }
}

/// The connection that an authorizer serves.
///
/// An authorizer may keep a clone.
///
/// ```
/// use mcp_client::http::{Authorizer, BearerToken, Binding, Endpoint};
///
/// // In the test of an authorizer: does it refuse a server that it is not for?
/// let plain = Binding::new(Endpoint::parse("http://mcp.example.com/mcp")?);
/// assert!(BearerToken::new("eyJhbGciOi")?.bind(&plain).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Binding {
    endpoint: Endpoint,
    limits: Limits,
    revision: Arc<dyn Fn() -> Option<Revision> + Send + Sync>,
    on_identity_change: Arc<dyn Fn() + Send + Sync>,
    on_logout: Arc<dyn Fn() + Send + Sync>,
    is_open: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Binding {
    /// A connection to a server, with the default limits: for the tests of an authorizer.
    ///
    /// ```
    /// use mcp_client::http::{Binding, Endpoint};
    ///
    /// let binding = Binding::new(Endpoint::parse("https://mcp.example.com/mcp")?);
    /// assert!(binding.is_open());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            limits: Limits::new(),
            revision: Arc::new(|| None),
            on_identity_change: Arc::new(|| {}),
            on_logout: Arc::new(|| {}),
            is_open: Arc::new(|| true),
        }
    }

    /// The same connection with other limits.
    ///
    /// ```
    /// use mcp_client::Limits;
    /// use mcp_client::http::{Binding, Endpoint};
    ///
    /// let mut limits = Limits::new();
    /// limits.http.max_authorizations = 1;
    /// let endpoint = Endpoint::parse("https://mcp.example.com/mcp")?;
    /// let binding = Binding::new(endpoint).with_limits(limits);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same connection with what says which revision was negotiated.
    ///
    /// ```
    /// use mcp_client::Revision;
    /// use mcp_client::http::{Binding, Endpoint};
    ///
    /// let binding = Binding::new(Endpoint::parse("https://mcp.example.com/mcp")?)
    ///     .with_revision(|| Some(Revision::V2025_03_26));
    /// assert_eq!(binding.revision(), Some(Revision::V2025_03_26));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_revision(
        mut self,
        revision: impl Fn() -> Option<Revision> + Send + Sync + 'static,
    ) -> Self {
        self.revision = Arc::new(revision);
        self
    }

    /// The same connection with what is called when the identity of the client changes.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    /// use mcp_client::http::{Binding, Endpoint};
    ///
    /// let changes = Arc::new(AtomicUsize::new(0));
    /// let counted = Arc::clone(&changes);
    /// let binding = Binding::new(Endpoint::parse("https://mcp.example.com/mcp")?)
    ///     .on_identity_change(move || _ = counted.fetch_add(1, Ordering::Relaxed));
    /// binding.identity_changed(); // What an authorizer calls after a log-in.
    /// assert_eq!(changes.load(Ordering::Relaxed), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on_identity_change(mut self, changed: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_identity_change = Arc::new(changed);
        self
    }

    /// The same connection with what is called when the user logs out.
    ///
    /// ```
    /// # use mcp_client::http::{Binding, Endpoint};
    /// # let endpoint = Endpoint::parse("https://mcp.example.com/mcp")?;
    /// // In a test of an authorizer.
    /// let (told, tells) = std::sync::mpsc::channel();
    /// let binding = Binding::new(endpoint).on_logout(move || told.send("out").unwrap());
    /// binding.logged_out();
    /// assert_eq!(tells.try_recv(), Ok("out"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn on_logout(mut self, logged_out: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_logout = Arc::new(logged_out);
        self
    }

    /// The same connection with what says whether it is still there. An authorizer that serves
    /// several connections forgets those that are not.
    ///
    /// ```
    /// use mcp_client::http::{Binding, Endpoint};
    ///
    /// let endpoint = Endpoint::parse("https://mcp.example.com/mcp")?;
    /// let binding = Binding::new(endpoint).open_while(|| false);
    /// assert!(!binding.is_open());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn open_while(mut self, is_open: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.is_open = Arc::new(is_open);
        self
    }

    /// The server.
    ///
    /// ```
    /// use mcp_client::http::{Binding, BoxError};
    ///
    /// /// In `Authorizer::bind`.
    /// fn check(binding: &Binding) -> Result<(), BoxError> {
    ///     match binding.endpoint().uri().host() {
    ///         Some("mcp.example.com") => Ok(()),
    ///         _ => Err("the key is for mcp.example.com".into()),
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The limits of the client.
    ///
    /// ```
    /// use mcp_client::http::Binding;
    ///
    /// /// How often an authorizer may try.
    /// fn attempts(binding: &Binding) -> u32 {
    ///     binding.limits().http.max_authorizations
    /// }
    /// ```
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The revision that the client and the server speak, once that is known. The first request,
    /// which may be refused for lack of credentials, finds out.
    ///
    /// ```
    /// use mcp_client::Revision;
    /// use mcp_client::http::Binding;
    ///
    /// fn is_first_with_authorization(binding: &Binding) -> bool {
    ///     binding.revision() == Some(Revision::V2025_03_26)
    /// }
    /// ```
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        (self.revision)()
    }

    /// Whether the connection is still there.
    ///
    /// ```
    /// use mcp_client::http::Binding;
    ///
    /// /// An authorizer that serves several connections forgets those that have ended.
    /// fn forget(bindings: &mut Vec<Binding>) {
    ///     bindings.retain(Binding::is_open);
    /// }
    /// ```
    #[must_use]
    pub fn is_open(&self) -> bool {
        (self.is_open)()
    }

    /// Reports that the server takes the client for another user than before, or may do so: cached
    /// results that were private to the old one are dropped. Called after the authorizer uses the
    /// new credentials.
    ///
    /// ```
    /// use mcp_client::http::Binding;
    ///
    /// /// After the user has logged in as someone else.
    /// fn logged_in(bindings: &[Binding]) {
    ///     bindings.iter().for_each(Binding::identity_changed);
    /// }
    /// ```
    pub fn identity_changed(&self) {
        (self.on_identity_change)();
    }

    /// Reports that the user has logged out: what the server keeps for the old user, such as a
    /// session of the legacy era, is not used again. Report [`Binding::identity_changed`] too.
    ///
    /// ```
    /// use mcp_client::http::Binding;
    ///
    /// /// The user of an authorizer logs out; it has forgotten the token before.
    /// fn log_out(connections: &[Binding]) {
    ///     for connection in connections {
    ///         connection.identity_changed();
    ///         connection.logged_out();
    ///     }
    /// }
    /// ```
    pub fn logged_out(&self) {
        (self.on_logout)();
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Binding").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// What to do with a refused request.
///
/// ```
/// use mcp_client::http::{Refusal, Verdict};
///
/// /// In `Authorizer::refused`, with a token that was renewed.
/// fn verdict(refusal: &Refusal) -> Verdict {
///     if refusal.attempt == 0 { Verdict::Retry } else { Verdict::GiveUp }
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Send it again, with other credentials.
    Retry,
    /// The refusal is the answer.
    GiveUp,
}

/// A request that the server refused.
///
/// ```
/// use mcp_client::http::{HeaderMap, Refusal, StatusCode};
///
/// // In the test of an authorizer.
/// let mut headers = HeaderMap::new();
/// headers.insert("www-authenticate", "Bearer error=\"invalid_token\"".parse().expect("a value"));
/// let refusal = Refusal::new(StatusCode::UNAUTHORIZED, headers);
/// assert_eq!(refusal.attempt, 0);
/// ```
#[non_exhaustive]
pub struct Refusal {
    /// 401 or 403.
    pub status: StatusCode,
    /// The header fields of the response.
    pub headers: HeaderMap,
    /// The credentials that were refused, as they were sent.
    pub authorization: Option<HeaderValue>,
    /// The method of the refused message, such as `tools/call`; `None` for a stream that was to be
    /// opened.
    pub method: Option<String>,
    /// What the message names: the tool or prompt, or the URI of the resource.
    pub name: Option<String>,
    /// How often this message was refused before. 0 for the first time.
    pub attempt: u32,
}

impl Refusal {
    /// A refusal by its status and header fields.
    ///
    /// ```
    /// use mcp_client::http::{HeaderMap, Refusal, StatusCode};
    ///
    /// let mut again = Refusal::new(StatusCode::FORBIDDEN, HeaderMap::new());
    /// again.attempt = 1; // In the test of an authorizer: does it give up?
    /// ```
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap) -> Self {
        Self { status, headers, authorization: None, method: None, name: None, attempt: 0 }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the credentials.
        f.debug_struct("Refusal")
            .field("status", &self.status)
            .field("method", &self.method)
            .field("name", &self.name)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// A fixed token: for servers whose tokens come from elsewhere, such as an environment variable.
///
/// It goes to the server over TLS alone, or within this machine.
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
#[derive(Clone)]
pub struct BearerToken {
    value: HeaderValue,
    over_plain_http: bool,
}

impl BearerToken {
    /// A token.
    ///
    /// ```
    /// use mcp_client::http::BearerToken;
    ///
    /// assert!(BearerToken::new("eyJhbGciOi").is_ok());
    /// let error = BearerToken::new("eyJhbGciOi\n").expect_err("the line break of a file");
    /// assert!(!error.to_string().contains("eyJ"), "{error}");
    /// ```
    ///
    /// # Errors
    /// If the token is empty, or has characters that a header field cannot hold, such as the line
    /// break at the end of a file. The error does not contain the token.
    pub fn new(token: &str) -> Result<Self, BearerTokenError> {
        if token.trim().is_empty() {
            return Err(BearerTokenError(Unusable::Empty));
        }
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| {
            // A header field holds all characters but those that control a terminal.
            let index = token.bytes().position(|byte| byte.is_ascii_control() && byte != b'\t');
            BearerTokenError(Unusable::Control { index: index.unwrap_or_default() })
        })?;
        value.set_sensitive(true);
        Ok(Self { value, over_plain_http: false })
    }

    /// Allows the token to cross the network unencrypted, such as to a server behind the same
    /// proxy.
    ///
    /// ```
    /// use mcp_client::http::BearerToken;
    ///
    /// // Both containers are on the same machine, and the network between them has no other user.
    /// let token = BearerToken::new("eyJhbGciOi")?.over_plain_http();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn over_plain_http(mut self) -> Self {
        self.over_plain_http = true;
        self
    }
}

/// A string cannot be sent as a bearer token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BearerTokenError(Unusable);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Unusable {
    Empty,
    Control { index: usize },
}

impl fmt::Display for BearerTokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unusable::Empty => f.write_str(
                "the bearer token is empty: set the variable or file that it is read from",
            ),
            Unusable::Control { index } => write!(
                f,
                "byte {index} of the bearer token is a control character, which a header field \
                 cannot hold: trim what was read from a file"
            ),
        }
    }
}

impl std::error::Error for BearerTokenError {}

#[async_trait]
impl Authorizer for BearerToken {
    fn bind(&self, binding: &Binding) -> Result<(), BoxError> {
        let endpoint = binding.endpoint();
        let is_safe = endpoint.uri().scheme() == Some(&Scheme::HTTPS) || endpoint.is_loopback();
        if is_safe || self.over_plain_http {
            return Ok(());
        }
        let message = format!(
            "the token for {endpoint} would cross the network unencrypted: use an https URL, or \
             allow it with `BearerToken::over_plain_http`"
        );
        Err(message.into())
    }

    async fn authorize(&self, request: &mut Request<Bytes>) -> Result<(), BoxError> {
        request.headers_mut().insert(AUTHORIZATION, self.value.clone());
        Ok(())
    }

    async fn refused(&self, _: &Refusal) -> Result<Verdict, BoxError> {
        Ok(Verdict::GiveUp)
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(***)")
    }
}
