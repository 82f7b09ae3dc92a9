//! What a directory of resources holds: `resources/directory/read`.

use std::ops::Deref;

use mcp_core::types::Resource;

/// A direct child of a directory: a [`Resource`].
#[derive(Debug, Clone, PartialEq)]
pub struct DirectoryEntry(Resource);

impl DirectoryEntry {
    /// Whether it is a directory itself.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.0.mime_type.as_deref() == Some("inode/directory")
    }

    /// The resource as it is on the wire.
    #[must_use]
    pub fn into_resource(self) -> Resource {
        self.0
    }
}

impl Deref for DirectoryEntry {
    type Target = Resource;

    fn deref(&self) -> &Resource {
        &self.0
    }
}

impl From<Resource> for DirectoryEntry {
    fn from(resource: Resource) -> Self {
        Self(resource)
    }
}
