//! Changing what a running server offers.

use std::fmt;
use std::sync::Arc;

use super::rules::{check_prompt, check_resource, check_tool};
use super::{Live, Registry};
use crate::context::Context;
use crate::error::BuildError;
use crate::prompt::PromptRoute;
use crate::resource::ResourceRoute;
use crate::subscription::Change;
use crate::tool::ToolRoute;

/// Adds, replaces and removes tools, prompts and resources while a server runs, and tells clients.
///
/// Each call is one change and one notification; several quick ones may reach a client as one.
/// Cheap to clone, works from any thread, never waits.
#[derive(Clone, Default)]
pub struct ServerHandle {
    live: Arc<Live>,
}

impl ServerHandle {
    pub(crate) fn new(live: Arc<Live>) -> Self {
        Self { live }
    }

    /// Adds a tool, in the place of one of the same name if there is any.
    ///
    /// # Errors
    /// When the name or the schema breaks a rule; then nothing is changed.
    pub fn set_tool(&self, route: ToolRoute) -> Result<(), BuildError> {
        check_tool(&route)?;
        let route = Arc::new(route);
        drop(self.live.change(|registry| registry.insert_tool(route)));
        self.live.hub.publish(&Change::Tools);
        Ok(())
    }

    /// Replaces all tools at once.
    ///
    /// # Errors
    /// When a name or a schema breaks a rule; then nothing is changed.
    pub fn replace_tools(
        &self,
        routes: impl IntoIterator<Item = ToolRoute>,
    ) -> Result<(), BuildError> {
        let mut fresh = Registry::default();
        fresh.tools.offer();
        for route in routes {
            check_tool(&route)?;
            let name = route.tool().name.clone();
            if fresh.insert_tool(Arc::new(route)).is_some() {
                return Err(BuildError::Duplicate { kind: "tool", name });
            }
        }
        let tools = fresh.tools;
        drop(self.live.change(|registry| std::mem::replace(&mut registry.tools, tools)));
        self.live.hub.publish(&Change::Tools);
        Ok(())
    }

    /// Removes a tool. False when there is none of this name.
    pub fn remove_tool(&self, name: &str) -> bool {
        let removed = self.live.change(|registry| registry.tools.remove(name));
        self.publish_if(removed.is_some(), &Change::Tools)
    }

    /// Adds a prompt, in the place of one of the same name if there is any.
    ///
    /// # Errors
    /// When the name breaks a rule; then nothing is changed.
    pub fn set_prompt(&self, route: PromptRoute) -> Result<(), BuildError> {
        check_prompt(&route)?;
        let route = Arc::new(route);
        drop(self.live.change(|registry| registry.insert_prompt(route)));
        self.live.hub.publish(&Change::Prompts);
        Ok(())
    }

    /// Removes a prompt. False when there is none of this name.
    pub fn remove_prompt(&self, name: &str) -> bool {
        let removed = self.live.change(|registry| registry.prompts.remove(name));
        self.publish_if(removed.is_some(), &Change::Prompts)
    }

    /// Adds a resource or template, in the place of one of the same URI if there is any.
    ///
    /// # Errors
    /// When the URI breaks a rule; then nothing is changed.
    pub fn set_resource(&self, route: ResourceRoute) -> Result<(), BuildError> {
        check_resource(&route)?;
        let route = Arc::new(route);
        drop(self.live.change(|registry| registry.insert_resource(route)));
        self.live.hub.publish(&Change::Resources);
        Ok(())
    }

    /// Removes a resource or template. False when there is none of this URI.
    pub fn remove_resource(&self, uri: &str) -> bool {
        let removed = self.live.change(|registry| registry.remove_resource(uri));
        self.publish_if(removed.is_some(), &Change::Resources)
    }

    /// Tells clients that the tools changed, where something else than this handle decides what
    /// they are.
    pub fn tools_changed(&self) {
        self.live.hub.publish(&Change::Tools);
    }

    /// Tells clients that the prompts changed.
    pub fn prompts_changed(&self) {
        self.live.hub.publish(&Change::Prompts);
    }

    /// Tells clients that the resources changed.
    pub fn resources_changed(&self) {
        self.live.hub.publish(&Change::Resources);
    }

    /// Tells those who watch it that a resource has new contents.
    pub fn resource_updated(&self, uri: impl Into<String>) {
        self.live.hub.publish(&Change::Resource(uri.into().into()));
    }

    fn publish_if(&self, changed: bool, change: &Change) -> bool {
        if changed {
            self.live.hub.publish(change);
        }
        changed
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerHandle")
    }
}

impl Context {
    /// A handle on the server, to add and remove what it offers and to notify clients of changes.
    #[must_use]
    pub fn server(&self) -> ServerHandle {
        // Every server attaches its handle; see `ServerBuilder::build`.
        self.call().environment.attached.get::<ServerHandle>().cloned().unwrap_or_default()
    }
}
