//! What can be said about an authorizer, whatever its grant.

use std::fmt;
use std::sync::Arc;

use super::authorizer::OAuth;
use super::dpop::Dpop;
use super::grant::Grant;
use super::jws::SigningKey;
use super::presentation::{Bearer, Presentation};
use super::scope::union;
use super::store::{CredentialStore, MemoryStore};
use crate::http::HttpStack;

/// Makes an [`OAuth`]. What it has depends on the grant.
#[must_use = "a builder does nothing until `build`"]
pub struct OAuthBuilder<G> {
    pub(crate) grant: G,
    pub(crate) options: Options,
}

/// What all grants have.
pub(crate) struct Options {
    /// The guarded network, if there is none.
    pub(crate) stack: Option<Arc<dyn HttpStack>>,
    pub(crate) store: Arc<dyn CredentialStore>,
    pub(crate) presentation: Arc<dyn Presentation>,
    pub(crate) scope: Option<String>,
    pub(crate) fallback: bool,
    pub(crate) private_networks: bool,
}

impl<G> OAuthBuilder<G> {
    pub(crate) fn new(grant: G) -> Self {
        let options = Options {
            stack: None,
            store: Arc::new(MemoryStore::new()),
            presentation: Arc::new(Bearer),
            scope: None,
            fallback: true,
            private_networks: false,
        };
        Self { grant, options }
    }

    /// Where registrations and tokens are kept. Default: in memory, until the process ends.
    pub fn store(mut self, store: impl CredentialStore) -> Self {
        self.options.store = Arc::new(store);
        self
    }

    /// What sends the requests to authorization servers. Default: the network, with connections to public addresses
    /// only. Another one resolves names by itself and has to look at what they lead to, too.
    pub fn http_stack(mut self, stack: impl HttpStack) -> Self {
        self.options.stack = Some(Arc::new(stack));
        self
    }

    /// The scopes to ask for when the server's challenge names none, instead of all that the server lists.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        let scopes: Vec<_> = scopes.into_iter().collect();
        self.options.scope = Some(union(scopes.iter().map(AsRef::as_ref)));
        self
    }

    /// Whether an MCP server without protected resource metadata is taken for one of 2025-03-26, which is its own
    /// authorization server: with metadata at its origin, or else with `/authorize`, `/token` and `/register` there.
    /// Default: yes.
    pub fn fallback_2025_03_26(mut self, allowed: bool) -> Self {
        self.options.fallback = allowed;
        self
    }

    /// Allows authorization servers on private networks, and an MCP server there over `http`. Default: no, since the
    /// URLs come from servers: one could have the client knock at the doors of its own network.
    pub fn allow_private_networks(mut self, allowed: bool) -> Self {
        self.options.private_networks = allowed;
        self
    }

    /// Binds tokens to a key (DPoP, RFC 9449): who has a token but not the key can do nothing with it. The
    /// authorization server must know DPoP; a token that is not bound is not used.
    ///
    /// Where tokens are kept longer than the process lives, so must the key be:
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
        self.options.presentation = Arc::new(Dpop::new(key));
        self
    }

    pub(crate) fn build_with<T: Grant>(self, grant: impl FnOnce(G) -> T) -> OAuth {
        OAuth::new(grant(self.grant), self.options)
    }
}

impl<G: fmt::Debug> fmt::Debug for OAuthBuilder<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthBuilder").field("grant", &self.grant).finish_non_exhaustive()
    }
}
