//! Changes to the routes of a running server.

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

/// Adds, replaces and removes tools, prompts and resources while a server runs, and notifies
/// clients.
///
/// Each call is one change and one notification; several changes in quick succession may reach a
/// client as one notification. Cheap to clone. Methods can be called from any thread and do not
/// wait.
///
/// ```
/// use mcp_server::Server;
/// use mcp_server::tool::ToolRoute;
///
/// let server = Server::builder("plugins", "1.0.0").tools([]).build()?;
/// let handle = server.handle();
/// handle.set_tool(ToolRoute::builder("ping").handler(|| async { "pong" }))?;
/// assert!(handle.remove_tool("ping"));
/// # Ok::<(), mcp_server::BuildError>(())
/// ```
#[derive(Clone, Default)]
pub struct ServerHandle {
    live: Arc<Live>,
}

impl ServerHandle {
    pub(crate) fn new(live: Arc<Live>) -> Self {
        Self { live }
    }

    /// Adds a tool, or replaces the tool of the same name.
    ///
    /// ```
    /// use mcp_server::Server;
    /// use mcp_server::tool::ToolRoute;
    ///
    /// let server = Server::builder("plugins", "1.0.0").tools([]).build()?;
    /// let handle = server.handle();
    /// handle.set_tool(ToolRoute::builder("version").handler(|| async { "1" }))?;
    /// handle.set_tool(ToolRoute::builder("version").handler(|| async { "2" }))?; // Replaces it.
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// mcp_server::test::client(server).await.call("version", serde_json::json!({})).await.assert_text("2");
    /// # });
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// If the name or the schema is invalid, or the handler takes a
    /// [`State`](crate::extract::State) that the server does not have. Nothing is changed then.
    pub fn set_tool(&self, route: ToolRoute) -> Result<(), BuildError> {
        let route = self.checked(route)?;
        drop(self.live.change(|registry| registry.insert_tool(route)));
        self.live.hub.publish(&Change::Tools);
        Ok(())
    }

    /// Replaces all tools at once.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// # use mcp_server::tool::ToolRoute;
    /// # let server = Server::builder("database", "1.0.0").tools([]).build()?;
    /// # let handle = server.handle();
    /// // After the schema of the database has changed: one notification for all of it.
    /// let tables = ["customers", "invoices"];
    /// handle.replace_tools(tables.map(|table| {
    ///     ToolRoute::builder(format!("count_{table}")).handler(move || async move { format!("{table}: 7") })
    /// }))?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// As for [`ServerHandle::set_tool`], or if two tools have the same name. Nothing is changed
    /// then.
    pub fn replace_tools(
        &self,
        routes: impl IntoIterator<Item = ToolRoute>,
    ) -> Result<(), BuildError> {
        let mut fresh = Registry::default();
        fresh.tools.offer();
        for route in routes {
            let second = route.wiring.place;
            if let Some(other) = fresh.insert_tool(self.checked(route)?) {
                let (name, first) = (other.name().to_owned(), other.wiring.place);
                return Err(BuildError::Duplicate { kind: "tool", name, first, second });
            }
        }
        let tools = fresh.tools;
        drop(self.live.change(|registry| std::mem::replace(&mut registry.tools, tools)));
        self.live.hub.publish(&Change::Tools);
        Ok(())
    }

    /// Checks a tool, also its states, and its schemas in the dialect of the server, if that is
    /// built.
    fn checked(&self, mut route: ToolRoute) -> Result<Arc<ToolRoute>, BuildError> {
        check_tool(&route)?;
        self.live.check_states("tool", route.name(), &route.wiring)?;
        route.join(&self.live.dialect);
        if self.live.dialect.get().is_some() {
            route.check_dialect()?;
        }
        Ok(Arc::new(route))
    }

    /// Removes a tool. Returns false if no tool has this name.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// let server = Server::builder("calculator", "1.0.0").routes(routes![add]).build()?;
    /// let handle = server.handle();
    /// assert!(handle.remove_tool("add"));
    /// assert!(!handle.remove_tool("add")); // Gone already: no client is notified.
    /// # #[cfg(feature = "testing")]
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// let client = mcp_server::test::client(&server).await;
    /// client.call("add", serde_json::json!({ "a": 1, "b": 2 })).await.assert_error("unknown tool");
    /// # });
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn remove_tool(&self, name: &str) -> bool {
        let removed = self.live.change(|registry| registry.tools.remove(name));
        self.publish_if(removed.is_some(), &Change::Tools)
    }

    /// Adds a prompt, or replaces the prompt of the same name.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// # let handle = Server::builder("git", "1.0.0").prompts([]).build()?.handle();
    /// use mcp_server::prompt::PromptRoute;
    ///
    /// let text = "Review the staged changes. Begin with what could break."; // From a file, again.
    /// handle.set_prompt(PromptRoute::builder("review").handler(move || async move { text }))?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// If the name is invalid, or the handler takes a [`State`](crate::extract::State) that the
    /// server does not have. Nothing is changed then.
    pub fn set_prompt(&self, route: PromptRoute) -> Result<(), BuildError> {
        check_prompt(&route)?;
        self.live.check_states("prompt", &route.prompt.name, &route.wiring)?;
        let route = Arc::new(route);
        drop(self.live.change(|registry| registry.insert_prompt(route)));
        self.live.hub.publish(&Change::Prompts);
        Ok(())
    }

    /// Removes a prompt. Returns false if no prompt has this name.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// # use mcp_server::prompt::PromptRoute;
    /// # let review = PromptRoute::builder("review").handler(|| async { "Review it." });
    /// # let handle = Server::builder("git", "1.0.0").prompt(review).build()?.handle();
    /// if !handle.remove_prompt("review") {
    ///     eprintln!("there was no such prompt");
    /// }
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn remove_prompt(&self, name: &str) -> bool {
        let removed = self.live.change(|registry| registry.prompts.remove(name));
        self.publish_if(removed.is_some(), &Change::Prompts)
    }

    /// Adds a resource or resource template, or replaces the one of the same URI.
    ///
    /// ```
    /// # use mcp_server::Server;
    /// # let handle = Server::builder("logs", "1.0.0").resources([]).build()?.handle();
    /// use mcp_server::resource::ResourceRoute;
    ///
    /// // A new day has a new log.
    /// let log = ResourceRoute::builder("log://2026-08-01", "2026-08-01").mime_type("text/plain");
    /// handle.set_resource(log.handler(|| async { "00:00 rotated" }))?;
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// If the URI is invalid, or the handler takes a [`State`](crate::extract::State) that the
    /// server does not have. Nothing is changed then.
    pub fn set_resource(&self, route: ResourceRoute) -> Result<(), BuildError> {
        check_resource(&route)?;
        self.live.check_states("resource", route.uri(), &route.wiring)?;
        let route = Arc::new(route);
        drop(self.live.change(|registry| registry.insert_resource(route)));
        self.live.hub.publish(&Change::Resources);
        Ok(())
    }

    /// Removes a resource or resource template. Returns false if none has this URI.
    ///
    /// ```
    /// # use mcp_server::{Server, resource, routes};
    /// /// The log of a day.
    /// #[resource("log://{day}")]
    /// fn log(day: String) -> String {
    ///     format!("{day}: nothing happened")
    /// }
    ///
    /// let server = Server::builder("logs", "1.0.0").routes(routes![log]).build()?;
    /// assert!(server.handle().remove_resource("log://{day}")); // A template, by its text.
    /// # Ok::<(), mcp_server::BuildError>(())
    /// ```
    pub fn remove_resource(&self, uri: &str) -> bool {
        let removed = self.live.change(|registry| registry.remove_resource(uri));
        self.publish_if(removed.is_some(), &Change::Resources)
    }

    /// Notifies clients that the list of tools changed, for changes that were not made through a
    /// handle.
    ///
    /// ```
    /// # fn example(handle: &mcp_server::ServerHandle) {
    /// // A layer hides some tools from some users, and their rights have changed: read the list again.
    /// handle.tools_changed();
    /// # }
    /// ```
    pub fn tools_changed(&self) {
        self.live.hub.publish(&Change::Tools);
    }

    /// Notifies clients that the list of prompts changed.
    ///
    /// ```
    /// # fn example(handle: &mcp_server::ServerHandle) {
    /// // A layer translates the descriptions, and the user has chosen another language.
    /// handle.tools_changed();
    /// handle.prompts_changed();
    /// # }
    /// ```
    pub fn prompts_changed(&self) {
        self.live.hub.publish(&Change::Prompts);
    }

    /// Notifies clients that the list of resources changed.
    ///
    /// ```
    /// # fn example(handle: &mcp_server::ServerHandle) {
    /// // A layer adds the files of a folder to `resources/list`, and there is a new one.
    /// handle.resources_changed();
    /// # }
    /// ```
    pub fn resources_changed(&self) {
        self.live.hub.publish(&Change::Resources);
    }

    /// Notifies the subscribers of a resource that its contents changed.
    ///
    /// ```
    /// use mcp_server::{Context, tool};
    ///
    /// /// Append a line to the notes.
    /// #[tool]
    /// async fn append(line: String, ctx: &Context) -> &'static str {
    ///     // … write it …
    ///     ctx.server().resource_updated("file:///notes.txt"); // Clients that show it read it again.
    ///     "appended"
    /// }
    /// ```
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
    /// Returns a handle that changes the routes of the server and notifies clients.
    ///
    /// ```
    /// use mcp_server::tool::ToolRoute;
    /// use mcp_server::{Context, ToolError, tool};
    ///
    /// /// Load a plugin, which has a tool of its own.
    /// #[tool]
    /// async fn load(plugin: String, ctx: &Context) -> Result<String, ToolError> {
    ///     let run = ToolRoute::builder(format!("run_{plugin}")).handler(|| async { "done" });
    ///     ctx.server().set_tool(run)?;
    ///     Ok(format!("run_{plugin} is there now"))
    /// }
    /// ```
    #[must_use]
    pub fn server(&self) -> ServerHandle {
        // Every server attaches its handle; see `ServerBuilder::build`.
        self.call().environment.attached.get::<ServerHandle>().cloned().unwrap_or_default()
    }
}
