//! Tools that an earlier process remembered, for servers that are still the same.

use crate::group::RememberedTools;

use super::host_config::HostConfig;

/// Notes with each server what identifies it in a file.
pub(super) fn with_origins(mut tools: RememberedTools, config: &HostConfig) -> RememberedTools {
    for remembered in &mut tools.0 {
        let entry = config.servers().iter().find(|it| it.group_name() == remembered.server);
        remembered.origin = entry.map(|entry| entry.digest);
    }
    tools
}

/// Leaves out the servers that are others by now.
pub(super) fn of_same_servers(mut tools: RememberedTools, config: &HostConfig) -> RememberedTools {
    tools.0.retain(|remembered| {
        let entry = config.servers().iter().find(|it| it.group_name() == remembered.server);
        entry.is_some_and(|entry| remembered.origin == Some(entry.digest))
    });
    tools
}
