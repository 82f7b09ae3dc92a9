//! What a directory of resources holds: `resources/directory/read`.

use std::ops::Deref;

use mcp_core::types::Resource;

/// A direct child of a directory: a [`Resource`].
///
/// ```
/// # mcp_test_support::with_notes_server(async |reader, writer| {
/// # let client = mcp_client::Client::connect(reader, writer).await?;
/// let entries = client.read_directory("skill://weekly-review/references").await?;
/// assert_eq!((&*entries[0].name, entries[0].is_directory()), ("FORM.md", false));
/// # Ok(())
/// # });
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DirectoryEntry(Resource);

impl DirectoryEntry {
    /// Whether it is a directory itself.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let mut folders = vec!["skill://weekly-review/references".to_owned()];
    /// while let Some(folder) = folders.pop() {
    ///     for entry in client.read_directory(&folder).await? {
    ///         if entry.is_directory() {
    ///             folders.push(entry.uri.clone());
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.0.mime_type.as_deref() == Some("inode/directory")
    }

    /// The resource as it is on the wire.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let entry = client.read_directory("skill://weekly-review/references").await?.remove(0);
    /// let resource = entry.into_resource();
    /// let contents = client.read_resource(&resource.uri).await?;
    /// # Ok(())
    /// # });
    /// ```
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
