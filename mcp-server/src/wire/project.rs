//! Omits or rewrites what a revision does not have in outgoing results.
//!
//! Handlers work with one model. Each type defines here how the [`Rules`] of a revision change it
//! (docs/requirements.md, "Differences on the wire"; docs/revisions.md).

use mcp_core::json::RawJson;
use mcp_core::revision::{Rules, StructuredContent};
use mcp_core::types::{
    CallToolResult, CompleteResult, Content, DiscoverResult, EmptyResult, GetPromptResult,
    Implementation, InitializeResult, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, Prompt, ReadResourceResult, Resource, ResourceContents,
    ResourceTemplate, Schema, ServerCapabilities, SubscriptionsListenResult, TextContent, Tool,
};
use serde_json::{Map, Value, json};

use super::result::{Project, WireResult};
use crate::schema::Outline;

impl<T: Project> Project for Vec<T> {
    fn project(&mut self, rules: &Rules) {
        for item in self {
            item.project(rules);
        }
    }
}

impl<T: Project> Project for Option<T> {
    fn project(&mut self, rules: &Rules) {
        if let Some(value) = self {
            value.project(rules);
        }
    }
}

// ---- tools ----

impl Project for Tool {
    fn project(&mut self, rules: &Rules) {
        if !rules.tool_annotations {
            self.annotations = None;
        }
        if !rules.titles {
            self.title = None;
        }
        if !rules.meta_of_types {
            self.meta = None;
        }
        if !rules.icons {
            self.icons = None;
        }
        if !rules.tool_execution {
            self.execution = None;
        }
        match rules.structured_content {
            StructuredContent::Absent => self.output_schema = None,
            StructuredContent::Object => {
                if let Some(schema) = self.output_schema.take() {
                    self.output_schema =
                        Some(if wraps(&schema) { wrap_schema(&schema) } else { schema });
                }
            }
            StructuredContent::Any => {}
        }
    }
}

impl Project for CallToolResult {
    fn project(&mut self, rules: &Rules) {
        self.content.project(rules);
        match rules.structured_content {
            StructuredContent::Absent => self.structured_content = None,
            StructuredContent::Object => {
                if self
                    .structured_content
                    .as_ref()
                    .is_some_and(|value| !value.get().starts_with('{'))
                {
                    wrap_structured(self);
                }
            }
            StructuredContent::Any => {}
        }
    }
}

/// Whether results of this schema are wrapped as `{"result": …}` in revisions whose structured
/// content must be an object.
pub(crate) fn wraps(schema: &Schema) -> bool {
    !Outline::of(schema).is_object
}

/// Returns the schema of the wrapped result.
fn wrap_schema(schema: &Schema) -> Schema {
    let mut inner = schema.as_value();
    let mut outer = Map::new();
    if let Value::Object(members) = &mut inner {
        // References are relative to the root, so the definitions move to the new root.
        for name in ["$schema", "$defs", "definitions"] {
            if let Some(member) = members.shift_remove(name) {
                outer.insert(name.into(), member);
            }
        }
    }
    move_references(&mut inner);
    outer.values_mut().for_each(move_references);
    outer.insert("type".into(), json!("object"));
    outer.insert("properties".into(), json!({ "result": inner }));
    outer.insert("required".into(), json!(["result"]));
    Schema::try_from(Value::Object(outer)).unwrap_or_else(|_| schema.clone())
}

/// Adapts references to the old root, and below it, to its new position. References to definitions
/// stay unchanged.
fn move_references(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (keyword, value) in members {
                match (keyword.as_str(), value) {
                    ("$ref", Value::String(target)) => {
                        let below = target.strip_prefix('#').filter(|below| {
                            below.is_empty()
                                || below.starts_with('/')
                                    && !below.starts_with("/$defs/")
                                    && !below.starts_with("/definitions/")
                        });
                        if let Some(below) = below {
                            *target = format!("#/properties/result{below}");
                        }
                    }
                    // These contain data, in which `$ref` is an ordinary member.
                    ("const" | "enum" | "default" | "examples", _) => {}
                    // These contain schemas by name, and the names are not keywords.
                    (
                        "properties" | "patternProperties" | "$defs" | "definitions"
                        | "dependentSchemas",
                        Value::Object(schemas),
                    ) => schemas.values_mut().for_each(move_references),
                    (_, value) => move_references(value),
                }
            }
        }
        Value::Array(schemas) => schemas.iter_mut().for_each(move_references),
        _ => {}
    }
}

/// Wraps the structured content of a result as `{"result": …}`.
pub(crate) fn wrap_structured(result: &mut CallToolResult) {
    if let Some(value) = &result.structured_content {
        result.structured_content = RawJson::new(&Wrapped { result: value }).ok();
    }
}

#[derive(serde::Serialize)]
struct Wrapped<'a> {
    result: &'a RawJson,
}

// ---- content ----

impl Project for Content {
    fn project(&mut self, rules: &Rules) {
        match self {
            Self::Audio(audio) if !rules.audio => {
                *self = TextContent::new(format!("[audio: {}]", audio.mime_type)).into();
            }
            Self::ResourceLink(link) if !rules.resource_links => {
                *self = TextContent::new(format!("[{}]({})", link.name, link.uri)).into();
            }
            Self::ResourceLink(link) if !rules.icons => link.icons = None,
            Self::Resource(embedded) => {
                if !rules.meta_of_types {
                    embedded.meta = None;
                }
                embedded.resource.project(rules);
            }
            Self::Text(text) if !rules.meta_of_types => text.meta = None,
            Self::Image(image) if !rules.meta_of_types => image.meta = None,
            Self::Audio(audio) if !rules.meta_of_types => audio.meta = None,
            _ => {}
        }
    }
}

impl Project for ResourceContents {
    fn project(&mut self, rules: &Rules) {
        if !rules.meta_of_types {
            match self {
                Self::Text(contents) => contents.meta = None,
                Self::Blob(contents) => contents.meta = None,
            }
        }
    }
}

// ---- resources and prompts ----

impl Project for Resource {
    fn project(&mut self, rules: &Rules) {
        if !rules.titles {
            self.title = None;
        }
        if !rules.meta_of_types {
            self.meta = None;
        }
        if !rules.icons {
            self.icons = None;
        }
    }
}

impl Project for ResourceTemplate {
    fn project(&mut self, rules: &Rules) {
        if !rules.titles {
            self.title = None;
        }
        if !rules.meta_of_types {
            self.meta = None;
        }
        if !rules.icons {
            self.icons = None;
        }
    }
}

impl Project for ReadResourceResult {
    fn project(&mut self, rules: &Rules) {
        self.contents.project(rules);
    }
}

impl Project for Prompt {
    fn project(&mut self, rules: &Rules) {
        if !rules.titles {
            self.title = None;
            for argument in self.arguments.iter_mut().flatten() {
                argument.title = None;
            }
        }
        if !rules.meta_of_types {
            self.meta = None;
        }
        if !rules.icons {
            self.icons = None;
        }
    }
}

impl Project for GetPromptResult {
    fn project(&mut self, rules: &Rules) {
        for message in &mut self.messages {
            message.content.project(rules);
        }
    }
}

// ---- the server ----

impl Project for Implementation {
    fn project(&mut self, rules: &Rules) {
        if !rules.titles {
            self.title = None;
        }
        if !rules.implementation_details {
            self.description = None;
            self.website_url = None;
        }
        if !rules.icons {
            self.icons = None;
        }
    }
}

impl Project for ServerCapabilities {
    fn project(&mut self, rules: &Rules) {
        if !rules.completions_capability {
            self.completions = None;
        }
        if !rules.core_tasks {
            self.tasks = None;
        }
    }
}

impl Project for InitializeResult {
    fn project(&mut self, rules: &Rules) {
        self.capabilities.project(rules);
        self.server_info.project(rules);
    }
}

impl Project for DiscoverResult {
    fn project(&mut self, rules: &Rules) {
        self.capabilities.project(rules);
    }
}

// ---- lists, and results that are the same in all revisions ----

macro_rules! lists {
    ($($result:ident . $items:ident),+) => { $(
        impl Project for $result {
            fn project(&mut self, rules: &Rules) {
                self.$items.project(rules);
            }
        }
    )+ };
}

lists!(
    ListToolsResult.tools,
    ListPromptsResult.prompts,
    ListResourcesResult.resources,
    ListResourceTemplatesResult.resource_templates
);

macro_rules! unchanged {
    ($($result:ident),+) => { $(
        impl Project for $result {
            fn project(&mut self, _: &Rules) {}
        }
    )+ };
}

unchanged!(CompleteResult, EmptyResult, SubscriptionsListenResult);

macro_rules! wire_results {
    ($($result:ident),+; digested: $($digested:ident),+) => {
        $(
            impl WireResult for $result {
                fn meta_mut(&mut self) -> &mut Option<mcp_core::meta::Meta> {
                    &mut self.meta
                }
            }
        )+
        $(
            impl WireResult for $digested {
                fn meta_mut(&mut self) -> &mut Option<mcp_core::meta::Meta> {
                    &mut self.meta
                }

                fn cache_mut(&mut self) -> Option<(&mut Option<u64>, &mut Option<mcp_core::types::CacheScope>)> {
                    Some((&mut self.ttl_ms, &mut self.cache_scope))
                }

                fn digest_mut(&mut self) -> Option<&mut Option<String>> {
                    Some(&mut self.digest)
                }
            }
        )+
    };
}

/// It may be cached, but has no digest: the key of a digest has no URI.
impl WireResult for ReadResourceResult {
    fn meta_mut(&mut self) -> &mut Option<mcp_core::meta::Meta> {
        &mut self.meta
    }

    fn cache_mut(
        &mut self,
    ) -> Option<(&mut Option<u64>, &mut Option<mcp_core::types::CacheScope>)> {
        Some((&mut self.ttl_ms, &mut self.cache_scope))
    }
}

#[cfg(feature = "tasks")]
impl Project for mcp_core::types::DetailedTask {
    /// Only one revision has it, and its result is encoded already.
    fn project(&mut self, _: &Rules) {}
}

#[cfg(feature = "tasks")]
impl WireResult for mcp_core::types::DetailedTask {
    fn meta_mut(&mut self) -> &mut Option<mcp_core::meta::Meta> {
        &mut self.meta
    }

    fn size_hint(&self) -> usize {
        self.result.as_ref().map_or(0, |result| result.get().len()) + 512
    }
}

impl WireResult for CallToolResult {
    fn meta_mut(&mut self) -> &mut Option<mcp_core::meta::Meta> {
        &mut self.meta
    }

    fn size_hint(&self) -> usize {
        let content: usize = self.content.iter().map(content_size).sum();
        let structured = self.structured_content.as_ref().map_or(0, |value| value.get().len());
        content + structured + 128
    }
}

fn content_size(content: &Content) -> usize {
    match content {
        // Some characters will be escaped.
        Content::Text(text) => text.text.len() + text.text.len() / 8 + 64,
        Content::Image(image) => image.data.len() + 64,
        Content::Audio(audio) => audio.data.len() + 64,
        _ => 256,
    }
}

wire_results!(
    GetPromptResult, CompleteResult, EmptyResult, InitializeResult, SubscriptionsListenResult;
    digested: ListToolsResult, ListPromptsResult, ListResourcesResult, ListResourceTemplatesResult,
    DiscoverResult
);
