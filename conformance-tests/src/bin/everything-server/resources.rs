//! The resources.

use mcp_server::resource::ResourceRoute;
use mcp_server::tools;
use mcp_server::types::BlobResourceContents;
use mcp_server::types::ResourceContents;

use crate::content::PIXEL;

pub(crate) struct Files;

#[tools]
impl Files {
    /// A text.
    #[resource("test://static-text", mime = "text/plain")]
    fn static_text(&self) -> &'static str {
        "This is the content of the static text resource."
    }

    /// An image.
    #[resource("test://static-binary", mime = "image/png")]
    fn static_binary(&self) -> ResourceContents {
        BlobResourceContents::new("test://static-binary", PIXEL).mime_type("image/png").into()
    }

    /// A text to subscribe to.
    #[resource("test://watched-resource", mime = "text/plain")]
    fn watched_resource(&self) -> &'static str {
        "Watched resource content."
    }

    /// Data by id.
    #[resource("test://template/{id}/data", mime = "application/json")]
    fn template(&self, #[arg(complete = ["1", "12", "123"])] id: String) -> String {
        serde_json::json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") })
            .to_string()
    }
}

/// Enough resources for three pages.
pub(crate) fn items() -> impl Iterator<Item = ResourceRoute> {
    (1..=25).map(|number| {
        ResourceRoute::builder(format!("test://item/{number}"), format!("item-{number}"))
            .mime_type("text/plain")
            .handler(move || async move { format!("Item {number}") })
    })
}
