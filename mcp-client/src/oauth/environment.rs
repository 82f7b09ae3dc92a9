//! What every flow needs: the MCP server, the network, the store, the clock, and the way to present
//! a token.

use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use mcp_core::fetch::Secret;
use mcp_core::service::BoxFuture;
use tokio::time::timeout;

use super::bindings::Bindings;
use super::discovery::Discovered;
use super::error::{Error, ErrorKind};
use super::fetch::Fetcher;
use super::limits::OAuthLimits;
use super::proof::numeric_date;
use super::store::{CredentialKey, CredentialStore, StoreLock, TokenKey};
use super::token::{AccessToken, Presentation};
use crate::http::{BoxError, Endpoint};

/// What every flow needs.
pub(crate) struct Environment {
    /// The connections to the MCP server.
    pub(crate) bindings: Bindings,
    pub(crate) limits: OAuthLimits,
    pub(crate) fetcher: Fetcher,
    pub(crate) presentation: Arc<dyn Presentation>,
    pub(crate) store: Arc<dyn CredentialStore>,
    /// The user that the tokens belong to, where the store holds those of several.
    pub(crate) principal: Option<String>,
    /// The authorization server that a registered client without an issuer belongs to. It is known
    /// here too, since saving it may fail.
    pub(crate) bound_issuer: OnceLock<String>,
}

impl Environment {
    /// The MCP server.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.bindings.endpoint()
    }

    /// The time, by the system's clock: tokens outlive processes.
    pub(crate) fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// The time in seconds since 1970.
    pub(crate) fn unix_now(&self) -> u64 {
        numeric_date(self.now())
    }

    /// Whether a token should be renewed.
    pub(crate) fn is_due(&self, token: &AccessToken) -> bool {
        token.is_due(self.now(), self.limits.renew_before_expiry)
    }

    /// Where the tokens of a client are in the store.
    pub(crate) fn token_key(&self, found: &Discovered, client: &str) -> CredentialKey {
        self.token_key_of(found.issuer(), &found.resource, client)
    }

    /// As [`Environment::token_key`], without a discovery.
    pub(crate) fn token_key_of(&self, issuer: &str, resource: &str, client: &str) -> CredentialKey {
        CredentialKey::token(TokenKey {
            issuer,
            endpoint: self.endpoint().as_str(),
            resource,
            client,
            principal: self.principal.as_deref(),
            thumbprint: self.presentation.thumbprint(),
        })
    }

    /// Where it is in the store which tokens are those of the last log-in.
    pub(crate) fn login_key(&self) -> CredentialKey {
        let thumbprint = self.presentation.thumbprint();
        CredentialKey::login(self.endpoint().as_str(), self.principal.as_deref(), thumbprint)
    }

    /// Loads a text of the store.
    pub(crate) async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, Error> {
        self.in_time(self.store.load(key)).await.map_err(|error| {
            Error::new(ErrorKind::Store, "the credentials could not be read").with_source(error)
        })
    }

    /// Saves a text, and says whether that succeeded: a token that was just issued is used all the
    /// same, as long as the process runs.
    pub(crate) async fn save(&self, key: &CredentialKey, value: &Secret) -> bool {
        let saved = self.in_time(self.store.save(key, value)).await;
        if let Err(error) = &saved {
            tracing::warn!(%error, "new credentials could not be saved; the next process needs new ones");
        }
        saved.is_ok()
    }

    /// Removes a text, which must not stay.
    pub(crate) async fn forget(&self, key: &CredentialKey) -> Result<(), Error> {
        self.in_time(self.store.remove(key)).await.map_err(|error| {
            let message = "the credentials could not be removed from the store";
            Error::new(ErrorKind::Store, message).with_source(error)
        })
    }

    /// Removes a text that is of no use any more.
    pub(crate) async fn remove(&self, key: &CredentialKey) {
        if let Err(error) = self.in_time(self.store.remove(key)).await {
            tracing::warn!(%error, "credentials that are not valid any more could not be removed");
        }
    }

    /// Takes the lock of a text.
    pub(crate) async fn lock(&self, key: &CredentialKey) -> Result<StoreLock, Error> {
        self.in_time(self.store.lock(key)).await.map_err(|error| {
            let message = "the credentials could not be locked";
            Error::new(ErrorKind::Store, message).with_source(error)
        })
    }

    async fn in_time<T>(&self, work: BoxFuture<'_, Result<T, BoxError>>) -> Result<T, BoxError> {
        let limit = self.limits.store_timeout;
        timeout(limit, work).await.unwrap_or_else(|_| {
            let message =
                format!("the store did not answer within {limit:?} (`OAuthLimits::store_timeout`)");
            Err(message.into())
        })
    }
}
