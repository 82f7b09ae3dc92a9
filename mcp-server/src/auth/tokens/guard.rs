//! The protection of a server that was built: what it says about itself.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use mcp_core::oauth::{Challenge, ProtectedResourceMetadata};

use tokio::sync::Semaphore;

use super::dpop::{self, Dpop};
use super::refused::Refused;
use super::resource_url::ResourceUrl;
use super::token_cache::TokenCache;
use super::verifier::TokenVerifier;
use crate::auth::Scopes;

pub(super) type OnRefused = Arc<dyn Fn(&Refused<'_>) + Send + Sync>;

/// Scopes that belong to the login, not to a server. They are never prefixed, and never advertised
/// if they ask for a refresh token (AUTH-42).
const OIDC_SCOPES: [&str; 6] = ["openid", "profile", "email", "address", "phone", OFFLINE_ACCESS];
const OFFLINE_ACCESS: &str = "offline_access";

/// The protection of a server that was built.
pub(crate) struct Guard {
    pub(super) resource: ResourceUrl,
    pub(super) metadata_url: String,
    pub(super) verifier: Arc<dyn TokenVerifier>,
    pub(super) authorization_servers: Vec<String>,
    pub(super) scopes_supported: Option<Vec<String>>,
    pub(super) scope_prefix: Option<String>,
    pub(super) name: Option<String>,
    pub(super) documentation: Option<String>,
    /// Verifications that run.
    pub(super) verifying: Semaphore,
    /// The scopes that every request needs.
    pub(super) required: Scopes,
    pub(super) on_refused: Vec<OnRefused>,
    pub(super) verified: TokenCache,
    pub(super) dpop: Option<Dpop>,
}

impl Guard {
    pub(crate) fn resource(&self) -> &ResourceUrl {
        &self.resource
    }

    /// Whether tokens may be bound to a key.
    #[cfg(feature = "http-sse")]
    pub(crate) const fn needs_proofs(&self) -> bool {
        self.dpop.is_some()
    }

    /// Returns a challenge that names the metadata of the server.
    pub(super) fn challenge(&self, scheme: &str) -> Challenge {
        Challenge::new(scheme).with("resource_metadata", &self.metadata_url)
    }

    /// Returns scopes as clients ask for them.
    pub(super) fn advertised<'a>(&self, scopes: impl IntoIterator<Item = &'a str>) -> Vec<String> {
        let prefix = self.scope_prefix.as_deref().unwrap_or_default();
        let scopes = scopes.into_iter().filter(|scope| *scope != OFFLINE_ACCESS);
        let write = |scope: &str| match OIDC_SCOPES.contains(&scope) || scope.starts_with(prefix) {
            true => scope.to_owned(),
            false => format!("{prefix}{scope}"),
        };
        scopes.map(write).collect()
    }

    /// Tells the application that a request is refused.
    pub(super) fn report(&self, refused: &Refused<'_>) {
        for call in &self.on_refused {
            if catch_unwind(AssertUnwindSafe(|| call(refused))).is_err() {
                tracing::error!("Protection::on_refused panicked");
            }
        }
    }

    /// Returns the metadata of the server. `of_routes` are the scopes that its routes need.
    pub(crate) fn metadata(&self, of_routes: Scopes) -> ProtectedResourceMetadata {
        let mut metadata = ProtectedResourceMetadata::new(self.resource.as_str());
        metadata.authorization_servers = Some(self.authorization_servers.clone());
        let scopes = match &self.scopes_supported {
            Some(scopes) => self.advertised(scopes.iter().map(String::as_str)),
            None => self.advertised(of_routes.iter()),
        };
        metadata.scopes_supported = Some(scopes).filter(|scopes| !scopes.is_empty());
        metadata.bearer_methods_supported = Some(vec!["header".to_owned()]);
        if let Some(dpop) = &self.dpop {
            let algorithms = dpop::algorithms().map(str::to_owned);
            metadata.dpop_signing_alg_values_supported = Some(algorithms.collect());
            metadata.dpop_bound_access_tokens_required = Some(dpop.settings.is_required);
        }
        metadata.resource_name.clone_from(&self.name);
        metadata.resource_documentation.clone_from(&self.documentation);
        metadata
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("resource", &self.resource).finish_non_exhaustive()
    }
}
