//! The state of a server that changes at runtime.

use std::sync::{Arc, OnceLock};

use mcp_core::sync::RwLock;

use super::Registry;
use crate::dialect::ServerDialect;
use crate::subscription::Hub;

/// The state of a server that changes at runtime.
#[derive(Debug, Default)]
pub(crate) struct Live {
    registry: RwLock<Arc<Registry>>,
    pub(crate) hub: Arc<Hub>,
    /// The dialect of the schemas of tools, when the server is built. The routes share it.
    pub(crate) dialect: Arc<OnceLock<ServerDialect>>,
}

impl Live {
    /// Returns the current snapshot of the registry.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read())
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
