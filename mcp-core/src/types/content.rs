//! Content blocks of tool results, prompts and messages. Spec: server/tools, "Tool Result";
//! server/prompts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Annotations, Icon, Resource, ResourceContents};
use crate::json::{Int, object, tagged};
use crate::meta::Meta;

tagged! {
    /// A content block. All revisions; audio since 2025-03-26, resource links since 2025-06-18.
    ///
    /// ```
    /// use mcp_core::types::Content;
    ///
    /// let content = Content::text("22 °C");
    /// assert_eq!(content.as_text(), Some("22 °C"));
    /// assert_eq!(serde_json::to_string(&content)?, r#"{"type":"text","text":"22 °C"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub enum Content by "type" {
        /// Text.
        Text(TextContent) = "text",
        /// An image.
        Image(ImageContent) = "image",
        /// Audio. Since 2025-03-26.
        Audio(AudioContent) = "audio",
        /// A link to a resource. Since 2025-06-18.
        ResourceLink(ResourceLink) = "resource_link",
        /// A resource with its contents.
        Resource(EmbeddedResource) = "resource",
        _ => Unknown,
    }
}

object! {
    /// Text. All revisions.
    pub struct TextContent tag "type" = "text" {
        /// The text.
        text: String = "text",
        /// Hints for the client.
        annotations?: Annotations = "annotations",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// An image. All revisions.
    pub struct ImageContent tag "type" = "image" {
        /// The image, encoded as base64.
        data: String = "data",
        /// The media type.
        mime_type: String = "mimeType",
        /// Hints for the client.
        annotations?: Annotations = "annotations",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// Audio. Since 2025-03-26.
    pub struct AudioContent tag "type" = "audio" {
        /// The audio, encoded as base64.
        data: String = "data",
        /// The media type.
        mime_type: String = "mimeType",
        /// Hints for the client.
        annotations?: Annotations = "annotations",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// A link to a resource that the client can read. The resource need not be in `resources/list`.
    /// Since 2025-06-18.
    pub struct ResourceLink tag "type" = "resource_link" {
        /// The URI.
        uri: String = "uri",
        /// The programmatic name.
        name: String = "name",
        /// The display name.
        title?: String = "title",
        /// A description.
        description?: String = "description",
        /// The media type.
        mime_type?: String = "mimeType",
        /// The size in bytes.
        size?: u64 = "size" via Int,
        /// Hints for the client.
        annotations?: Annotations = "annotations",
        /// Icons. Since 2025-11-25.
        icons?: Vec<Icon> = "icons",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// A resource with its contents. All revisions.
    pub struct EmbeddedResource tag "type" = "resource" {
        /// The contents.
        resource: ResourceContents = "resource",
        /// Hints for the client.
        annotations?: Annotations = "annotations",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }
}

impl Content {
    /// Creates a text block.
    ///
    /// ```
    /// use mcp_core::types::{CallToolResult, Content};
    ///
    /// // One block for the model to quote, and one that explains it.
    /// let blocks = [Content::text("error[E0382]"), Content::text("The value was moved before.")];
    /// let result = CallToolResult::new().content(blocks);
    /// ```
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        TextContent::new(text).into()
    }

    /// Creates an image block. The bytes are encoded as base64.
    ///
    /// ```
    /// use mcp_core::types::Content;
    ///
    /// let png = [0x89, b'P', b'N', b'G'];
    /// let Content::Image(image) = Content::image(png, "image/png") else { unreachable!() };
    /// assert_eq!(image.data, "iVBORw==");
    /// ```
    #[must_use]
    pub fn image(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> Self {
        ImageContent::from_bytes(bytes, mime_type).into()
    }

    /// Creates an audio block. The bytes are encoded as base64.
    ///
    /// ```
    /// use mcp_core::types::{CallToolResult, Content};
    ///
    /// # let wav = b"RIFF";
    /// let spoken = Content::audio(wav, "audio/wav");
    /// let result = CallToolResult::new().content([Content::text("Good morning"), spoken]);
    /// ```
    #[must_use]
    pub fn audio(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> Self {
        AudioContent::from_bytes(bytes, mime_type).into()
    }

    /// Creates a link to a resource.
    ///
    /// ```
    /// use mcp_core::types::{CallToolResult, Content};
    ///
    /// // The report is long: the client reads it if it wants to.
    /// let link = Content::resource_link("report://2026", "report-2026");
    /// let result = CallToolResult::new().content([Content::text("The report is ready."), link]);
    /// ```
    #[must_use]
    pub fn resource_link(uri: impl Into<String>, name: impl Into<String>) -> Self {
        ResourceLink::new(uri, name).into()
    }

    /// Creates an embedded resource.
    ///
    /// ```
    /// use mcp_core::types::{Content, ResourceContents};
    ///
    /// // Short enough to be a part of the result.
    /// let note = Content::resource(ResourceContents::text("note://7", "buy milk"));
    /// ```
    #[must_use]
    pub fn resource(contents: impl Into<ResourceContents>) -> Self {
        EmbeddedResource::new(contents).into()
    }

    /// Returns the text, or `None` if it is not a text block.
    ///
    /// ```
    /// use mcp_core::types::{CallToolResult, Content};
    ///
    /// let image = Content::image([0xff, 0xd8], "image/jpeg");
    /// let result = CallToolResult::new().content([Content::text("A bird"), image]);
    /// let texts: Vec<_> = result.content.iter().filter_map(Content::as_text).collect();
    /// assert_eq!(texts, ["A bird"]);
    /// ```
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(content) => Some(&content.text),
            _ => None,
        }
    }
}

impl ImageContent {
    /// Creates an image from its bytes, which are encoded as base64.
    #[must_use]
    pub fn from_bytes(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> Self {
        Self::new(STANDARD.encode(bytes), mime_type)
    }

    /// Decodes and returns the bytes.
    ///
    /// # Errors
    /// If `data` is not valid base64.
    pub fn bytes(&self) -> Result<Vec<u8>, base64::DecodeError> {
        STANDARD.decode(&self.data)
    }
}

impl AudioContent {
    /// Creates audio from its bytes, which are encoded as base64.
    #[must_use]
    pub fn from_bytes(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> Self {
        Self::new(STANDARD.encode(bytes), mime_type)
    }

    /// Decodes and returns the bytes.
    ///
    /// # Errors
    /// If `data` is not valid base64.
    pub fn bytes(&self) -> Result<Vec<u8>, base64::DecodeError> {
        STANDARD.decode(&self.data)
    }
}

impl From<String> for Content {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<&str> for Content {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<Resource> for ResourceLink {
    fn from(resource: Resource) -> Self {
        Self {
            uri: resource.uri,
            name: resource.name,
            title: resource.title,
            description: resource.description,
            mime_type: resource.mime_type,
            size: resource.size,
            annotations: resource.annotations,
            icons: resource.icons,
            meta: resource.meta,
            extra: resource.extra,
        }
    }
}
