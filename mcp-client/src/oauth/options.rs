//! What all authorizers have, whatever their grant.

use std::sync::Arc;

use super::fetch::PrivateHosts;
use super::limits::OAuthLimits;
use super::proof::SigningKey;
use super::store::CredentialStore;
use crate::http::{HttpStack, ProxySettings};

/// The options of an authorizer.
pub(crate) struct Options {
    /// Sends the requests; the guarded network if there is none.
    pub(crate) stack: Option<Arc<dyn HttpStack>>,
    pub(crate) store: Arc<dyn CredentialStore>,
    pub(crate) principal: Option<String>,
    /// The key of DPoP.
    pub(crate) dpop: Option<SigningKey>,
    pub(crate) dpop_content_digest: bool,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) resource: Option<String>,
    /// What tokens are requested for, where that is not the resource.
    pub(crate) resource_parameter: Option<String>,
    /// The limits, where they are not those of the client.
    pub(crate) limits: Option<OAuthLimits>,
    /// The proxies, where they are not those of the environment.
    pub(crate) proxies: Option<ProxySettings>,
    pub(crate) fallback: bool,
    pub(crate) private_hosts: PrivateHosts,
}
