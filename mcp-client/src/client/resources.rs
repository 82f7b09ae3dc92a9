//! Resources.

use mcp_core::method::{Method as _, ResourcesRead, ResourcesSubscribe, ResourcesUnsubscribe};
use mcp_core::types::{EmptyResult, ReadResourceResult, Resource, ResourceTemplate};

use super::handle::Client;
use crate::call::{Call, List, Listing};
use crate::params::Params;

/// Resources.
impl Client {
    /// Reads a resource.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// for contents in client.read_resource("note://1").await?.contents {
    ///     println!("{}: {:?}", contents.uri(), contents.as_text()); // note://1: Some("buy milk")
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn read_resource(&self, uri: &str) -> Call<ReadResourceResult> {
        Call::new(self, ResourcesRead::NAME, Params::new().with("uri", uri))
    }

    /// The resources, all pages of them.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// for resource in client.list_resources().await? {
    ///     let kind = resource.mime_type.as_deref().unwrap_or("unknown");
    ///     println!("{}: {} ({kind})", resource.uri, resource.name);
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn list_resources(&self) -> List<Resource> {
        List::new(self)
    }

    /// The resources as a stream, page after page.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use futures::TryStreamExt as _;
    ///
    /// let uris = client.resources().map_ok(|resource| resource.uri);
    /// assert_eq!(uris.try_collect::<Vec<_>>().await?, ["note://1", "note://2"]);
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn resources(&self) -> Listing<Resource> {
        self.list_resources().into_stream()
    }

    /// The templates of resources, all pages of them.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// let templates = client.list_resource_templates().await?;
    /// assert_eq!(templates[0].uri_template, "note://{id}");
    /// let note = client.read_resource("note://1").await?; // With a value for `id`.
    /// # Ok(())
    /// # });
    /// ```
    pub fn list_resource_templates(&self) -> List<ResourceTemplate> {
        List::new(self)
    }

    /// The templates of resources as a stream, page after page.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let client = mcp_client::Client::connect(reader, writer).await?;
    /// use futures::TryStreamExt as _;
    ///
    /// let mut templates = client.resource_templates();
    /// while let Some(template) = templates.try_next().await? {
    ///     println!("{}: {}", template.name, template.uri_template);
    /// }
    /// # Ok(())
    /// # });
    /// ```
    #[must_use]
    pub fn resource_templates(&self) -> Listing<ResourceTemplate> {
        self.list_resource_templates().into_stream()
    }

    /// Watches one resource of a legacy server; the updates come in [`Client::notifications`].
    ///
    /// [`Client::subscribe`] does this for servers of both eras, and undoes it.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().revision(mcp_client::Revision::V2025_11_25);
    /// # let client = builder.connect(reader, writer).await?;
    /// use futures::StreamExt as _;
    /// use mcp_client::Event;
    ///
    /// let mut events = client.notifications();
    /// client.subscribe_resource("note://1").await?;
    /// if let Some(Event::ResourceUpdated(updated)) = events.next().await {
    ///     assert_eq!(updated.uri, "note://1");
    /// }
    /// # Ok(())
    /// # });
    /// ```
    pub fn subscribe_resource(&self, uri: &str) -> Call<EmptyResult> {
        Call::new(self, ResourcesSubscribe::NAME, Params::new().with("uri", uri))
    }

    /// Ends what [`Client::subscribe_resource`] began.
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |reader, writer| {
    /// # let builder = mcp_client::Client::builder().revision(mcp_client::Revision::V2025_11_25);
    /// # let client = builder.connect(reader, writer).await?;
    /// client.subscribe_resource("note://1").await?;
    /// // The user closes the note.
    /// client.unsubscribe_resource("note://1").await?;
    /// # Ok(())
    /// # });
    /// ```
    pub fn unsubscribe_resource(&self, uri: &str) -> Call<EmptyResult> {
        Call::new(self, ResourcesUnsubscribe::NAME, Params::new().with("uri", uri))
    }
}
