//! Lists without what may not be used.

use std::collections::HashMap;
use std::sync::Arc;

use mcp_core::json::JsonBytes;
use mcp_core::method::{Method as _, PromptsList, ResourceTemplatesList, ResourcesList, ToolsList};
use mcp_core::policy::PolicyRequest;
use mcp_core::types::ToolAnnotations;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::admission::PolicyState;

/// The members of an item that policies read.
#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    name: String,
    #[serde(default)]
    uri: String,
    #[serde(default, rename = "uriTemplate")]
    uri_template: String,
    #[serde(default)]
    annotations: Option<Box<RawValue>>,
}

impl PolicyState {
    /// Returns a page of a list without the items that are not listed, and remembers what tools say
    /// of themselves. `None` if it is complete, or no list of what policies decide about. `member`
    /// has the items.
    pub(crate) fn without_hidden(
        &self,
        method: &str,
        member: &'static str,
        page: &JsonBytes,
    ) -> Option<JsonBytes> {
        if !matches!(
            method,
            ToolsList::NAME | PromptsList::NAME | ResourcesList::NAME | ResourceTemplatesList::NAME
        ) {
            return None;
        }
        let [range] = page.member_ranges([member]).ok()?;
        let range = range?;
        let text = page.as_str();
        let items: Vec<&RawValue> = serde_json::from_str(text.get(range.clone())?).ok()?;
        let count = items.len();
        let listed = items.into_iter().filter(|item| self.lists(method, item));
        let listed: Vec<&str> = listed.map(RawValue::get).collect();
        if listed.len() == count {
            return None;
        }
        let (before, after) = (text.get(..range.start)?, text.get(range.end..)?);
        Some(JsonBytes::from_trusted(format!("{before}[{}]{after}", listed.join(","))))
    }

    fn lists(&self, method: &str, item: &RawValue) -> bool {
        // What cannot be read cannot be decided about.
        let Ok(item) = serde_json::from_str::<Item>(item.get()) else { return false };
        let annotations = match method {
            ToolsList::NAME => self.remember(&item),
            _ => None,
        };
        let request = match method {
            ToolsList::NAME => PolicyRequest::tool(&item.name),
            PromptsList::NAME => PolicyRequest::prompt(&item.name),
            ResourcesList::NAME => PolicyRequest::resource(&item.uri),
            _ => PolicyRequest::template(&item.uri_template),
        };
        let request = self.complete(request).annotations(annotations.as_deref());
        self.policy.engine.is_listed(&request)
    }

    /// Remembers the annotations of a tool, in place of those of an earlier list.
    fn remember(&self, tool: &Item) -> Option<Arc<ToolAnnotations>> {
        let said = tool.annotations.as_ref().and_then(|said| serde_json::from_str(said.get()).ok());
        let said: Option<Arc<ToolAnnotations>> = said.map(Arc::new);
        let mut known = self.annotations.lock();
        let known: &mut HashMap<_, _> = &mut known;
        match &said {
            None => drop(known.remove(&tool.name)),
            Some(said) if known.len() < self.policy.max_tools || known.contains_key(&tool.name) => {
                known.insert(tool.name.clone(), Arc::clone(said));
            }
            Some(_) => {}
        }
        said
    }
}
