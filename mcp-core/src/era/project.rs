//! What a revision does not know is left out of, or rewritten in, what is sent to it.
//!
//! Handlers see one model. Each type says here what becomes of it under the [`Rules`] of a revision
//! (checklist of differences: spec changelogs; docs/revisions.md).

use serde_json::{Map, Value, json};

use crate::json::RawJson;
use crate::revision::{Rules, Structured};
use crate::types::{
    CallToolResult, CompleteResult, Content, DiscoverResult, EmptyResult, GetPromptResult,
    Implementation, InitializeResult, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListToolsResult, Prompt, ReadResourceResult, Resource, ResourceContents,
    ResourceTemplate, Schema, ServerCapabilities, SubscriptionsListenResult, TextContent, Tool,
};

use super::WireResult;

/// Makes a value fit the rules of a revision.
pub trait Project {
    /// Leaves out or rewrites what the revision does not know.
    fn project(&mut self, rules: &Rules);
}

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

// ---- tools ---------------------------------------------------------------------------------------------

impl Project for Tool {
    fn project(&mut self, rules: &Rules) {
        if !rules.audio {
            self.annotations = None;
        }
        if !rules.titles {
            self.title = None;
            self.meta = None;
        }
        if !rules.icons {
            self.icons = None;
        }
        if !rules.argument_errors_in_result || rules.result_type {
            self.execution = None;
        }
        match rules.structured {
            Structured::Absent => self.output_schema = None,
            Structured::Object => {
                if let Some(schema) = self.output_schema.take() {
                    self.output_schema =
                        Some(if wraps(&schema) { wrap_schema(&schema) } else { schema });
                }
            }
            Structured::Any => {}
        }
    }
}

impl Project for CallToolResult {
    fn project(&mut self, rules: &Rules) {
        self.content.project(rules);
        match rules.structured {
            Structured::Absent => self.structured_content = None,
            Structured::Object => {
                if self
                    .structured_content
                    .as_ref()
                    .is_some_and(|value| !value.get().starts_with('{'))
                {
                    wrap_structured(self);
                }
            }
            Structured::Any => {}
        }
    }
}

/// Whether results of this schema are wrapped as `{"result": …}` for revisions whose structured results are
/// objects.
pub fn wraps(schema: &Schema) -> bool {
    schema.as_value().get("type").is_none_or(|root| root != "object")
}

/// The schema of the wrapped result.
pub fn wrap_schema(schema: &Schema) -> Schema {
    let mut inner = schema.as_value();
    let mut outer = Map::new();
    if let Value::Object(members) = &mut inner {
        // References are relative to the root, so what they point at moves up.
        for name in ["$schema", "$defs", "definitions"] {
            if let Some(member) = members.shift_remove(name) {
                outer.insert(name.into(), member);
            }
        }
    }
    outer.insert("type".into(), json!("object"));
    outer.insert("properties".into(), json!({ "result": inner }));
    outer.insert("required".into(), json!(["result"]));
    Schema::try_from(Value::Object(outer)).unwrap_or_else(|_| schema.clone())
}

/// Wraps the structured content of a result as `{"result": …}`.
pub fn wrap_structured(result: &mut CallToolResult) {
    if let Some(value) = &result.structured_content {
        result.structured_content = RawJson::new(&Wrapped { result: value }).ok();
    }
}

#[derive(serde::Serialize)]
struct Wrapped<'a> {
    result: &'a RawJson,
}

// ---- content -------------------------------------------------------------------------------------------

impl Project for Content {
    fn project(&mut self, rules: &Rules) {
        match self {
            Self::Audio(audio) if !rules.audio => {
                *self = TextContent::new(format!("[audio: {}]", audio.mime_type)).into();
            }
            Self::ResourceLink(link) if !rules.titles => {
                *self = TextContent::new(format!("[{}]({})", link.name, link.uri)).into();
            }
            Self::ResourceLink(link) if !rules.icons => link.icons = None,
            Self::Resource(embedded) => {
                if !rules.titles {
                    embedded.meta = None;
                }
                embedded.resource.project(rules);
            }
            Self::Text(text) if !rules.titles => text.meta = None,
            Self::Image(image) if !rules.titles => image.meta = None,
            Self::Audio(audio) if !rules.titles => audio.meta = None,
            _ => {}
        }
    }
}

impl Project for ResourceContents {
    fn project(&mut self, rules: &Rules) {
        if !rules.titles {
            match self {
                Self::Text(contents) => contents.meta = None,
                Self::Blob(contents) => contents.meta = None,
            }
        }
    }
}

// ---- resources and prompts -----------------------------------------------------------------------------

impl Project for Resource {
    fn project(&mut self, rules: &Rules) {
        if !rules.titles {
            self.title = None;
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
            self.meta = None;
            for argument in self.arguments.iter_mut().flatten() {
                argument.title = None;
            }
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

// ---- the server itself ---------------------------------------------------------------------------------

impl Project for Implementation {
    fn project(&mut self, rules: &Rules) {
        if !rules.titles {
            self.title = None;
        }
        if !rules.icons {
            self.description = None;
            self.website_url = None;
            self.icons = None;
        }
    }
}

impl Project for ServerCapabilities {
    fn project(&mut self, rules: &Rules) {
        if !rules.completions_capability {
            self.completions = None;
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

// ---- lists, and results that are the same everywhere ----------------------------------------------------

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
    ($($result:ident),+; cacheable: $($cacheable:ident),+) => {
        $(
            impl WireResult for $result {
                fn meta_mut(&mut self) -> &mut Option<crate::meta::Meta> {
                    &mut self.meta
                }
            }
        )+
        $(
            impl WireResult for $cacheable {
                fn meta_mut(&mut self) -> &mut Option<crate::meta::Meta> {
                    &mut self.meta
                }

                fn cache_mut(&mut self) -> Option<(&mut Option<u64>, &mut Option<crate::types::CacheScope>)> {
                    Some((&mut self.ttl_ms, &mut self.cache_scope))
                }
            }
        )+
    };
}

impl WireResult for CallToolResult {
    fn meta_mut(&mut self) -> &mut Option<crate::meta::Meta> {
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
        Content::Text(text) => text.text.len() + text.text.len() / 8 + 64, // Some of it will be escaped.
        Content::Image(image) => image.data.len() + 64,
        Content::Audio(audio) => audio.data.len() + 64,
        _ => 256,
    }
}

wire_results!(
    GetPromptResult, CompleteResult, EmptyResult, InitializeResult, SubscriptionsListenResult;
    cacheable: ListToolsResult, ListPromptsResult, ListResourcesResult, ListResourceTemplatesResult,
    ReadResourceResult, DiscoverResult
);
