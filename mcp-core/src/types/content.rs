//! Content blocks of tool results, prompts and messages. Spec: server/tools, "Tool Result"; server/prompts.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Annotations, Icon, Resource, ResourceContents};
use crate::json::{Int, object, tagged};
use crate::meta::Meta;

tagged! {
    /// A content block. All revisions; audio since 2025-03-26, resource links since 2025-06-18.
    pub enum Content by "type" {
        /// Text.
        Text(TextContent) = "text",
        /// An image.
        Image(ImageContent) = "image",
        /// Sound. Since 2025-03-26.
        Audio(AudioContent) = "audio",
        /// A resource that can be read. Since 2025-06-18.
        ResourceLink(ResourceLink) = "resource_link",
        /// A resource itself.
        Resource(EmbeddedResource) = "resource",
        _ => Unknown,
    }
}

object! {
    /// Text. All revisions.
    pub struct TextContent tag "type" = "text" {
        /// The text.
        text: String = "text",
        /// Hints to the client.
        annotations?: Annotations = "annotations",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// An image. All revisions.
    pub struct ImageContent tag "type" = "image" {
        /// The image in base64.
        data: String = "data",
        /// Its media type.
        mime_type: String = "mimeType",
        /// Hints to the client.
        annotations?: Annotations = "annotations",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// Sound. Since 2025-03-26.
    pub struct AudioContent tag "type" = "audio" {
        /// The sound in base64.
        data: String = "data",
        /// Its media type.
        mime_type: String = "mimeType",
        /// Hints to the client.
        annotations?: Annotations = "annotations",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }

    /// A resource that the client can read; it need not be in `resources/list`. Since 2025-06-18.
    pub struct ResourceLink tag "type" = "resource_link" {
        /// Its URI.
        uri: String = "uri",
        /// Its name for programs.
        name: String = "name",
        /// Its name for people.
        title?: String = "title",
        /// What it is.
        description?: String = "description",
        /// Its media type.
        mime_type?: String = "mimeType",
        /// Its size in bytes.
        size?: u64 = "size" via Int,
        /// Hints to the client.
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
        /// Hints to the client.
        annotations?: Annotations = "annotations",
        /// Metadata. Since 2025-06-18.
        meta?: Meta = "_meta",
    }
}

impl Content {
    /// A text block.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        TextContent::new(text).into()
    }

    /// An image block; the bytes are encoded.
    #[must_use]
    pub fn image(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> Self {
        ImageContent::from_bytes(bytes, mime_type).into()
    }

    /// An audio block; the bytes are encoded.
    #[must_use]
    pub fn audio(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> Self {
        AudioContent::from_bytes(bytes, mime_type).into()
    }

    /// A link to a resource.
    #[must_use]
    pub fn resource_link(uri: impl Into<String>, name: impl Into<String>) -> Self {
        ResourceLink::new(uri, name).into()
    }

    /// An embedded resource.
    #[must_use]
    pub fn resource(contents: impl Into<ResourceContents>) -> Self {
        EmbeddedResource::new(contents).into()
    }

    /// The text, when it is a text block.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(content) => Some(&content.text),
            _ => None,
        }
    }
}

impl ImageContent {
    /// An image from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> Self {
        Self::new(STANDARD.encode(bytes), mime_type)
    }

    /// The bytes.
    ///
    /// # Errors
    /// When `data` is not base64.
    pub fn bytes(&self) -> Result<Vec<u8>, base64::DecodeError> {
        STANDARD.decode(&self.data)
    }
}

impl AudioContent {
    /// Sound from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> Self {
        Self::new(STANDARD.encode(bytes), mime_type)
    }

    /// The bytes.
    ///
    /// # Errors
    /// When `data` is not base64.
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
