//! The state of a server that changes at runtime.

use std::sync::{Arc, OnceLock};

use mcp_core::extensions::Extensions;
use mcp_core::sync::RwLock;

use super::Registry;
use crate::dialect::ServerDialect;
use crate::error::BuildError;
use crate::subscription::Hub;
use crate::wiring::Wiring;

/// The state of a server that changes at runtime.
#[derive(Debug, Default)]
pub(crate) struct Live {
    registry: RwLock<Arc<Registry>>,
    pub(crate) hub: Arc<Hub>,
    /// The dialect of the schemas of tools, when the server is built. The routes share it.
    pub(crate) dialect: Arc<OnceLock<ServerDialect>>,
    /// The states of the server, which routes may need; set when it is built.
    pub(crate) states: OnceLock<Extensions>,
}

impl Live {
    /// Returns the current snapshot of the registry.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read())
    }

    /// Checks that the server has the states that a new route needs. Before the server is built,
    /// nothing is checked: `ServerBuilder::build` checks all routes.
    ///
    /// # Errors
    /// The states that it does not have.
    pub(crate) fn check_states(
        &self,
        kind: &'static str,
        name: &str,
        wiring: &Wiring,
    ) -> Result<(), BuildError> {
        let Some(states) = self.states.get() else { return Ok(()) };
        let missing = wiring.missing_states(kind, name, states).collect();
        BuildError::of(missing).map_or(Ok(()), Err)
    }

    /// Changes the registry. Running calls keep their snapshot.
    ///
    /// `change` runs under the lock, so it must neither run nor drop user code, which could call
    /// the handle and deadlock. It returns the routes that it removed.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Registry) -> R) -> R {
        let mut registry = self.registry.write();
        let registry = Arc::make_mut(&mut registry);
        registry.discover_digest = OnceLock::new();
        change(registry)
    }
}
