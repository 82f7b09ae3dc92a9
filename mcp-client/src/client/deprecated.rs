//! What 2026-07-28 deprecates (DEP-1).

use mcp_core::types::ClientCapabilities;

use super::handle::Client;

impl Client {
    /// Logs the features in use that the revision deprecates.
    pub(crate) fn report_deprecated(&self, declared: &ClientCapabilities) {
        if !self.session().is_modern() {
            return;
        }
        let features =
            [("sampling", declared.sampling.is_some()), ("roots", declared.roots.is_some())];
        for (feature, _) in features.into_iter().filter(|(_, is_declared)| *is_declared) {
            tracing::info!(
                feature,
                "2026-07-28 deprecates this capability (SEP-2577); it may be removed from \
                 2027-07-28 on"
            );
        }
    }
}
