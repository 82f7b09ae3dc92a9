//! What has names in a group.

use std::sync::MutexGuard;

use super::name::Names;
use super::server::Server;

/// Which names of a server.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Tool,
    Prompt,
}

impl Kind {
    pub(super) fn names(self, server: &Server) -> MutexGuard<'_, Names> {
        match self {
            Self::Tool => server.tools(),
            Self::Prompt => server.prompts(),
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
        }
    }
}
