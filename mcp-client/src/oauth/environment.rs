//! What every flow needs: the MCP server, the network, the store, the clock, and the way to show a token.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_core::service::BoxFuture;
use tokio::time::timeout;

use super::discovery::Discovered;
use super::error::{Error, ErrorKind};
use super::fetch::Fetch;
use super::presentation::Presentation;
use super::secret::Secret;
use super::store::{CredentialKey, CredentialStore, StoreLock};
use crate::http::{BoxError, Endpoint};

/// How long the store may take for one thing. A keychain may ask the user; a lock may be held by another process.
const STORE_TIMEOUT: Duration = Duration::from_secs(90);

/// What every flow needs.
#[derive(Clone)]
pub(crate) struct Environment {
    /// The MCP server.
    pub(crate) endpoint: Endpoint,
    pub(crate) fetch: Fetch,
    pub(crate) presentation: Arc<dyn Presentation>,
    pub(crate) store: Arc<dyn CredentialStore>,
    /// The authorization server that the client of this authorizer belongs to, where the host has not said: known here
    /// too, since the store may not keep it.
    pub(crate) bound_issuer: OnceLock<String>,
}

impl Environment {
    /// The time, by the clock on the wall: tokens outlive processes.
    pub(crate) fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    /// The time in seconds since 1970.
    pub(crate) fn unix_now(&self) -> u64 {
        self.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    /// Where the tokens of a client are in the store.
    pub(crate) fn token_key(&self, found: &Discovered, client: &str) -> CredentialKey {
        CredentialKey::token(found.issuer(), &found.resource, client, self.presentation.key())
    }

    /// A text of the store.
    pub(crate) async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, Error> {
        in_time(self.store.load(key)).await.map_err(|error| {
            Error::new(ErrorKind::Store, "the credentials could not be read").because(error)
        })
    }

    /// Keeps a text. Whether that went well: what was just issued is good all the same, as long as the process runs.
    pub(crate) async fn save(&self, key: &CredentialKey, value: &Secret) -> bool {
        let saved = in_time(self.store.save(key, value)).await;
        if let Err(error) = &saved {
            tracing::warn!(%error, "new credentials could not be kept: the next process will have to ask again");
        }
        saved.is_ok()
    }

    /// Removes a text.
    pub(crate) async fn remove(&self, key: &CredentialKey) {
        if let Err(error) = in_time(self.store.remove(key)).await {
            tracing::warn!(%error, "credentials that are no good any more could not be removed");
        }
    }

    /// The lock of a text.
    pub(crate) async fn lock(&self, key: &CredentialKey) -> Result<StoreLock, Error> {
        in_time(self.store.lock(key)).await.map_err(|error| {
            Error::new(ErrorKind::Store, "the credentials could not be locked for a refresh")
                .because(error)
        })
    }
}

async fn in_time<T>(work: BoxFuture<'_, Result<T, BoxError>>) -> Result<T, BoxError> {
    timeout(STORE_TIMEOUT, work).await.unwrap_or_else(|_| {
        Err(format!("the store did not answer within {STORE_TIMEOUT:?}").into())
    })
}
