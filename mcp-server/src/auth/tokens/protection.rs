//! How a server is protected: by which tokens, for which URL, with which scopes.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::dpop::{Dpop, DpopSettings};
use super::guard::{Guard, OnRefused};
use super::refused::Refused;
use super::resource_url::ResourceUrl;
use super::token_cache::TokenCache;
use super::verifier::TokenVerifier;
#[cfg(feature = "audit")]
use crate::audit::{AuditEvent, AuditLog, Outcome};
use crate::auth::access::AccessRules;
use crate::error::BuildError;
use crate::input::KeyRing;

/// The authorization of a server that is served over HTTP: each request needs an access token.
///
/// It is all that a server needs: the metadata by which clients find the authorization server, the
/// challenges of refused requests, the verification of tokens for the URL of this server, and
/// scopes. [`ServerBuilder::protect`](crate::ServerBuilder::protect) takes it.
///
/// ```
/// use mcp_server::auth::{Protection, Scopes, StaticVerifier};
/// use mcp_server::{Principal, Server, routes, tool};
///
/// /// Read a file.
/// #[tool(scopes("files:read"))]
/// async fn read(path: String, principal: Principal) -> String {
///     format!("{path}, read by {}", principal.id())
/// }
///
/// // For tests. A server has a verifier of its authorization server.
/// let tokens = StaticVerifier::new()
///     .token("s3cr3t", Principal::of_user("https://login.example.com", "ada").with_scopes(["files:read"]));
/// let server = Server::builder("files", "1.0.0")
///     .routes(routes![read])
///     .protect(
///         Protection::new("https://mcp.example.com/mcp", tokens)
///             .authorization_server("https://login.example.com"),
///     )
///     .build()?;
/// # Ok::<(), mcp_server::BuildError>(())
/// ```
#[must_use = "a server is protected when `ServerBuilder::protect` takes it"]
pub struct Protection {
    resource: String,
    verifier: Arc<dyn TokenVerifier>,
    authorization_servers: Vec<String>,
    scopes_supported: Option<Vec<String>>,
    scope_prefix: Option<String>,
    name: Option<String>,
    documentation: Option<String>,
    access: AccessRules,
    on_refused: Vec<OnRefused>,
    dpop: Option<DpopSettings>,
}

/// Most tokens that are verified at a time. Fixed: a verifier has a limit of its own, and a flood
/// of tokens must not hold more memory.
const MAX_VERIFICATIONS: usize = 1_024;

impl Protection {
    /// Protects the server whose public URL is `resource`, such as `https://mcp.example.com/mcp`.
    /// Clients and authorization servers compare it byte for byte. Its host is also allowed as the
    /// `Host` of requests.
    ///
    /// ```
    /// use mcp_server::auth::{JwtVerifier, Protection};
    ///
    /// let tokens = JwtVerifier::builder("https://login.example.com").build()?;
    /// // Exactly the URL that users configure in their hosts.
    /// let protection = Protection::new("https://mcp.example.com/mcp", tokens);
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn new(resource: impl Into<String>, verifier: impl TokenVerifier) -> Self {
        let verifier: Arc<dyn TokenVerifier> = Arc::new(verifier);
        Self {
            resource: resource.into(),
            authorization_servers: verifier.issuers(),
            verifier,
            scopes_supported: None,
            scope_prefix: None,
            name: None,
            documentation: None,
            access: AccessRules::default(),
            on_refused: Vec::new(),
            dpop: None,
        }
    }

    /// Adds the issuer of an authorization server to the metadata. Those that the verifier knows
    /// are in it already.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// // The verifier of a test knows no issuer.
    /// let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new())
    ///     .authorization_server("https://login.example.com");
    /// ```
    pub fn authorization_server(mut self, issuer: impl Into<String>) -> Self {
        let issuer = issuer.into();
        if !self.authorization_servers.contains(&issuer) {
            self.authorization_servers.push(issuer);
        }
        self
    }

    /// Adds scopes that every request needs. A client is asked for them when it connects.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// // A caller without `notes:read` cannot even list the tools.
    /// let protection = protection.scopes(["notes:read"]);
    /// ```
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.access.server.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Adds scopes that the requests of a method need, such as `tools/call`. Those of single tools,
    /// prompts and resources are set with the route: `#[tool(scopes("files:read"))]`.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// // All may look at the lists. Calls and contents need more.
    /// let protection = protection
    ///     .method_scopes("tools/call", ["notes:write"])
    ///     .method_scopes("resources/read", ["notes:read"]);
    /// ```
    pub fn method_scopes(
        mut self,
        method: impl Into<String>,
        scopes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let of_method = self.access.methods.entry(method.into()).or_default();
        of_method.extend(scopes.into_iter().map(Into::into));
        self
    }

    /// Sets the hierarchy of scopes: `includes(granted, required)` says whether a granted scope
    /// includes a required one. By default each scope includes itself only.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// // `files` includes `files:read` and `files:write`.
    /// let protection = protection.scope_hierarchy(|granted, required| {
    ///     required.strip_prefix(granted).is_some_and(|rest| rest.starts_with(':'))
    /// });
    /// ```
    pub fn scope_hierarchy(
        mut self,
        includes: impl Fn(&str, &str) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.access.implies = Some(Arc::new(includes));
        self
    }

    /// Sets the `scopes_supported` of the metadata. By default, those that the server and its
    /// routes need, save those with arguments.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// // Clients that ask for all of them do not ask for `notes:admin`.
    /// let protection = protection.scopes_supported(["notes:read", "notes:write"]);
    /// ```
    pub fn scopes_supported(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes_supported = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Sets a prefix of scopes in challenges and metadata, for authorization servers whose tokens
    /// have shorter names than what is asked for: Entra issues `read` for `api://app/read`. Scopes
    /// of OpenID Connect get none.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// // Tokens have `notes.read`; clients have to ask for `api://notes/notes.read`.
    /// let protection = protection.scopes(["notes.read"]).scope_prefix("api://notes/");
    /// ```
    pub fn scope_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.scope_prefix = Some(prefix.into());
        self
    }

    /// Answers calls of tools, prompts and resources that the caller may not use as if they did not
    /// exist. Their scopes are not in the metadata. Subscriptions, and header fields that mirror
    /// arguments, may still show that something exists. By default they are answered with 403 and
    /// the scopes that are missing, so that the client can ask its user for them.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// // Only those who may call `merge_accounts` learn that it exists.
    /// let protection = protection.hide_denied();
    /// ```
    pub fn hide_denied(mut self) -> Self {
        self.access.hide = true;
        self
    }

    /// Lists contain what the caller may not use, so that a model can ask for it. By default they
    /// do not.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// // A model sees `delete_note`, calls it, and the host asks the user for `notes:write`.
    /// let protection = protection.list_denied();
    /// ```
    pub fn list_denied(mut self) -> Self {
        self.access.list_all = true;
        self
    }

    /// Sets the name of the server in its metadata.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// let protection = protection.resource_name("Acme Notes"); // Hosts show it before the log-in.
    /// ```
    pub fn resource_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the URL of the documentation in the metadata.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// let protection = protection.resource_documentation("https://docs.example.com/notes/access");
    /// ```
    pub fn resource_documentation(mut self, url: impl Into<String>) -> Self {
        self.documentation = Some(url.into());
        self
    }

    /// Sets a function that is called for each request that is refused for its token or its scopes,
    /// such as to record it. It must not block.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// let protection = protection.on_refused(|refused| {
    ///     tracing::warn!(status = %refused.status, reason = %refused.reason, "a request is refused");
    /// });
    /// ```
    pub fn on_refused(mut self, call: impl Fn(&Refused<'_>) + Send + Sync + 'static) -> Self {
        self.on_refused.push(Arc::new(call));
        self
    }

    /// Records each request that is refused for its token or its scopes in an audit log, with the
    /// reason. The `AuditLayer` does not see such requests.
    ///
    /// A record that finds no place in the queue of the log is lost, and counted there.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::audit::AuditLog;
    /// use mcp_server::layer::AuditLayer;
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    ///
    /// // One chain for what was done and for what was refused.
    /// let log = AuditLog::builder().open_tracing()?;
    /// let server = Server::builder("notes", "1.0.0")
    ///     .protect(protection.audit(log.clone()))
    ///     .layer(AuditLayer::new(log));
    /// # Ok::<(), mcp_server::audit::AuditError>(())
    /// ```
    #[cfg(feature = "audit")]
    pub fn audit(self, log: AuditLog) -> Self {
        self.on_refused(move |refused| {
            let event = AuditEvent::new(AuditEvent::AUTHORIZATION, Outcome::Denied)
                .detail("status", refused.status.to_string())
                .detail("reason", refused.reason)
                .detail("required_scopes", refused.required_scopes.join(" "));
            let event = match refused.principal {
                Some(principal) => event.principal(principal),
                None => event,
            };
            let _ = log.record_now(event); // The log counts what it loses.
        })
    }

    /// Accepts tokens that are bound to a key (DPoP, RFC 9449), besides bearer tokens. Each request
    /// with one contains a proof for its method, for the URL of this server and for the token; it
    /// is at most 5 minutes old, and is used once in this process.
    ///
    /// Without it, bound tokens are refused.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// // While clients move from bearer tokens to bound ones, both are accepted.
    /// let protection = protection.dpop();
    /// ```
    pub fn dpop(mut self) -> Self {
        self.dpop.get_or_insert_default();
        self
    }

    /// Refuses tokens that are not bound to a key. See [`Protection::dpop`].
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// // A token that was copied from a log opens nothing.
    /// let protection = protection.require_dpop();
    /// ```
    pub fn require_dpop(mut self) -> Self {
        self.dpop.get_or_insert_default().is_required = true;
        self
    }

    /// Requires a nonce of this server in each proof, so that proofs cannot be made in advance.
    /// Clients get it with a first refusal. The server remembers none: instances with the same
    /// [`state_keys`](crate::ServerBuilder::state_keys) accept each other's.
    ///
    /// ```
    /// # use mcp_server::auth::{Protection, StaticVerifier};
    /// # let protection = Protection::new("https://mcp.example.com/mcp", StaticVerifier::new());
    /// let protection = protection.require_dpop().dpop_nonces();
    /// ```
    pub fn dpop_nonces(mut self) -> Self {
        self.dpop.get_or_insert_default().needs_nonce = true;
        self
    }

    /// Checks the settings. `keys` seal nonces.
    ///
    /// # Errors
    /// The first that is not valid.
    pub(crate) fn build(self, keys: KeyRing) -> Result<(Guard, AccessRules), BuildError> {
        let invalid = |reason: String| {
            let (kind, name) = ("protection", self.resource.clone());
            BuildError::Invalid { kind, name, reason }
        };
        let resource = ResourceUrl::parse(&self.resource)
            .map_err(|reason| invalid(format!("the URL of the server: {reason}")))?;
        if self.authorization_servers.is_empty() {
            return Err(invalid(
                "no authorization server is known: call Protection::authorization_server with the \
                 issuer that clients log in at"
                    .to_owned(),
            ));
        }
        let of_methods = self.access.methods.values().flatten();
        for scope in self.access.server.iter().chain(of_methods) {
            if scope.is_empty() || !crate::auth::route_scopes::is_scope_text(scope) {
                return Err(invalid(format!("the scope {scope:?} is not valid")));
            }
        }
        if let Some(method) =
            self.access.methods.keys().find(|method| method.is_empty() || method.contains(' '))
        {
            return Err(invalid(format!("{method:?} is not a method")));
        }
        let metadata_url = resource.metadata_url();
        let guard = Guard {
            resource,
            metadata_url,
            verifier: self.verifier,
            authorization_servers: self.authorization_servers,
            scopes_supported: self.scopes_supported,
            scope_prefix: self.scope_prefix,
            name: self.name,
            documentation: self.documentation,
            required: self.access.server.iter().collect(),
            on_refused: self.on_refused,
            verifying: Semaphore::new(MAX_VERIFICATIONS),
            verified: TokenCache::default(),
            dpop: self.dpop.map(|settings| Dpop::new(settings, keys)),
        };
        Ok((guard, self.access))
    }
}

impl fmt::Debug for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protection")
            .field("resource", &self.resource)
            .field("authorization_servers", &self.authorization_servers)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}
