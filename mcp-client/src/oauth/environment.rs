//! What every flow needs: the network, the store, the clock, and the way to show a token.

use std::sync::Arc;
use std::time::SystemTime;

use super::fetch::Fetch;
use super::presentation::Presentation;
use super::store::CredentialStore;

/// What every flow needs.
#[derive(Clone)]
pub(crate) struct Environment {
    pub(crate) fetch: Fetch,
    pub(crate) store: Arc<dyn CredentialStore>,
    pub(crate) presentation: Arc<dyn Presentation>,
}

impl Environment {
    /// The time, by the clock on the wall: tokens outlive processes.
    pub(crate) fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
