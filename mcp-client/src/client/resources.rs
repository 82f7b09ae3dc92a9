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
    /// ```no_run
    /// # async fn example(client: mcp_client::Client) -> Result<(), mcp_client::Error> {
    /// for contents in client.read_resource("note://1").await?.contents {
    ///     println!("{}: {:?}", contents.uri(), contents.as_text());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn read_resource(&self, uri: &str) -> Call<ReadResourceResult> {
        Call::new(self, ResourcesRead::NAME, Params::new().with("uri", uri))
    }

    /// The resources, all pages of them.
    pub fn list_resources(&self) -> List<Resource> {
        List::new(self)
    }

    /// The resources as a stream, page after page.
    #[must_use]
    pub fn resources(&self) -> Listing<Resource> {
        self.list_resources().into_stream()
    }

    /// The templates of resources, all pages of them.
    pub fn list_resource_templates(&self) -> List<ResourceTemplate> {
        List::new(self)
    }

    /// The templates of resources as a stream, page after page.
    #[must_use]
    pub fn resource_templates(&self) -> Listing<ResourceTemplate> {
        self.list_resource_templates().into_stream()
    }

    /// Watches one resource of a legacy server; the updates come in [`Client::notifications`].
    ///
    /// [`Client::subscribe`] does this for servers of both eras, and undoes it.
    pub fn subscribe_resource(&self, uri: &str) -> Call<EmptyResult> {
        Call::new(self, ResourcesSubscribe::NAME, Params::new().with("uri", uri))
    }

    /// Ends what [`Client::subscribe_resource`] began.
    pub fn unsubscribe_resource(&self, uri: &str) -> Call<EmptyResult> {
        Call::new(self, ResourcesUnsubscribe::NAME, Params::new().with("uri", uri))
    }
}
