//! Tools that show each kind of content.

use mcp_server::tool::ToolRoute;
use mcp_server::tools;
use mcp_server::types::{AudioContent, EmbeddedResource, ImageContent};
use mcp_server::types::{Content, ResourceContents, Schema};
use serde_json::json;

/// A PNG of one pixel.
pub(crate) const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// A WAV file without samples.
const SILENCE: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";

pub(crate) struct Blocks;

#[tools]
impl Blocks {
    /// Gives a text.
    #[tool]
    fn test_simple_text(&self) -> &'static str {
        "This is a simple text response for testing."
    }

    /// Gives an image.
    #[tool]
    fn test_image_content(&self) -> ImageContent {
        image()
    }

    /// Gives a recording.
    #[tool]
    fn test_audio_content(&self) -> AudioContent {
        AudioContent::new(SILENCE, "audio/wav")
    }

    /// Gives an embedded resource.
    #[tool]
    fn test_embedded_resource(&self) -> EmbeddedResource {
        embedded("test://embedded-resource", "This is an embedded resource content.")
    }

    /// Gives a text, an image and a resource.
    #[tool]
    fn test_multiple_content_types(&self) -> Vec<Content> {
        vec![
            Content::text("Multiple content types test:"),
            image().into(),
            embedded("test://mixed-content-resource", r#"{"test":"data","value":123}"#).into(),
        ]
    }

    /// Fails, so that the model sees it.
    #[tool]
    fn test_error_handling(&self) -> Result<String, &'static str> {
        Err("This tool intentionally returns an error for testing")
    }
}

pub(crate) fn image() -> ImageContent {
    ImageContent::new(PIXEL, "image/png")
}

pub(crate) fn embedded(uri: &str, text: &str) -> EmbeddedResource {
    EmbeddedResource::new(ResourceContents::text(uri, text).mime_type("text/plain"))
}

/// A tool whose schema uses what few schemas use, and which must be listed as it is written.
pub(crate) fn json_schema() -> ToolRoute {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
            }
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" }
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false
    });
    ToolRoute::builder("json_schema_2020_12_tool")
        .description("Has a schema with $defs, $anchor, allOf and if.")
        .input_schema(Schema::try_from(schema).expect("the schema is an object"))
        .handler(|| async { "listed for its schema" })
}
