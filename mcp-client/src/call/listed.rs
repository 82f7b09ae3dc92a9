//! What a server lists.

use mcp_core::method::{
    Method as _, PromptsList, ResourceDirectoryRead, ResourceTemplatesList, ResourcesList,
    SkillsList, ToolsList,
};
use mcp_core::types::{
    ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListSkillsResult,
    ListToolsResult, Prompt, ReadResourceDirectoryResult, Resource, ResourceTemplate, Skill, Tool,
};
use serde::de::DeserializeOwned;

use crate::skill::DirectoryEntry;

/// What a server lists: tools, prompts, resources, resource templates, skills, the entries of a
/// directory.
pub trait Listed: Sized + Send + 'static {
    /// The method.
    const METHOD: &'static str;
    /// The member of the result that holds the items.
    const ITEMS: &'static str;
    /// The result of the method: one page.
    type Page: DeserializeOwned + Send;

    /// Returns the items of a page, and the cursor of the next one.
    fn split(page: Self::Page) -> (Vec<Self>, Option<String>);
}

macro_rules! listed {
    ($($item:ident: $method:ident, $page:ident.$items:ident as $member:literal;)*) => {
        $(
            impl Listed for $item {
                const METHOD: &'static str = $method::NAME;
                const ITEMS: &'static str = $member;
                type Page = $page;

                fn split(page: $page) -> (Vec<Self>, Option<String>) {
                    let items = page.$items.into_iter().map(Into::into).collect();
                    (items, page.next_cursor)
                }
            }
        )*
    };
}

listed! {
    Tool: ToolsList, ListToolsResult.tools as "tools";
    Prompt: PromptsList, ListPromptsResult.prompts as "prompts";
    Resource: ResourcesList, ListResourcesResult.resources as "resources";
    ResourceTemplate: ResourceTemplatesList, ListResourceTemplatesResult.resource_templates
        as "resourceTemplates";
    Skill: SkillsList, ListSkillsResult.skills as "skills";
    DirectoryEntry: ResourceDirectoryRead, ReadResourceDirectoryResult.resources as "resources";
}
