//! The connection that an authorizer serves.

use std::fmt;
use std::sync::Arc;

use mcp_core::revision::Revision;

use super::endpoint::Endpoint;
use crate::limits::Limits;

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
