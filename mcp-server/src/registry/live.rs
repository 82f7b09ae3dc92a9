//! What changes while a server runs.

use std::sync::Arc;

use mcp_core::sync::RwLock;

use super::Registry;
use crate::subscription::Hub;

/// What changes while a server runs.
#[derive(Debug, Default)]
pub(crate) struct Live {
    registry: RwLock<Arc<Registry>>,
    pub(crate) hub: Hub,
}

impl Live {
    /// What is offered now.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.registry.read())
    }

    /// Changes the registry; running calls keep the one that they began with.
    ///
    /// `change` runs under the lock, so it must neither run nor drop anything of the author's,
    /// which might call the handle again. It returns what it took out.
    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut Registry) -> R) -> R {
        let mut registry = self.registry.write();
        change(Arc::make_mut(&mut registry))
    }
}
