//! Which tokens in the store are those of the last log-in, so that they are found without a
//! discovery.

use mcp_core::fetch::Secret;
use serde::{Deserialize, Serialize};

use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::store::CredentialKey;

/// Which tokens are those of the last log-in to an MCP server.
#[derive(PartialEq, Serialize, Deserialize)]
pub(super) struct LoginRecord {
    pub(super) issuer: String,
    pub(super) resource: String,
    pub(super) client_id: String,
}

impl LoginRecord {
    pub(super) fn new(found: &Discovered, client: &str) -> Self {
        Self {
            issuer: found.issuer().to_owned(),
            resource: found.resource.clone(),
            client_id: client.to_owned(),
        }
    }

    /// Where its tokens are in the store.
    pub(super) fn token_key(&self, environment: &Environment) -> CredentialKey {
        environment.token_key_of(&self.issuer, &self.resource, &self.client_id)
    }

    /// The text for a store.
    pub(super) fn to_json(&self) -> Secret {
        Secret::new(serde_json::to_string(self).unwrap_or_default())
    }

    /// The record of a stored text. `None` when it cannot be read, as if it were not there.
    pub(super) fn from_json(json: &Secret) -> Option<Self> {
        serde_json::from_str(json.expose()).ok()
    }
}
