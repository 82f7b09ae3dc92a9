//! The lists of a server, with assertions.

use std::path::Path;

use mcp_core::jsonrpc::code;
use mcp_core::method::{Method as _, PromptsList, ResourceTemplatesList, ResourcesList, ToolsList};
use serde_json::{Map, Value, json};

use super::client::Client;
use super::snapshot::assert_snapshot;

/// Maximum number of pages of a list that are read. Fixed: a server with more pages repeats itself.
const MAX_PAGES: usize = 1_000;

/// The tools, prompts, resources and resource templates that a server lists, in the revision of the
/// client.
///
/// ```
/// # use mcp_server::{Server, routes, tool};
/// # /// Add two numbers.
/// # #[tool]
/// # async fn add(a: i64, b: i64) -> i64 { a + b }
/// # use mcp_server::test;
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// # let client = test::client(Server::builder("calculator", "1.0.0").routes(routes![add])).await;
/// let lists = client.lists().await;
/// assert_eq!(lists.tool("add")["description"], "Add two numbers.");
/// assert_eq!(lists.json()["prompts"], serde_json::json!([]));
/// # });
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "assert what the server lists"]
pub struct Lists {
    /// By the name of the list: `tools`, `prompts`, `resources` and `resourceTemplates`.
    lists: Map<String, Value>,
}

impl Client {
    /// Reads all lists of the server: tools, prompts, resources and resource templates.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::test;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("calculator", "1.0.0").routes(routes![add])).await;
    /// let before = client.lists().await;
    /// client.call("add", serde_json::json!({ "a": 1, "b": 2 })).await.assert_text("3");
    /// assert_eq!(client.lists().await, before); // A call adds no tools.
    /// # });
    /// ```
    ///
    /// # Panics
    /// If no answer arrives in time, or a list is answered with an error other than −32601: that of
    /// a list that the server does not offer, which is empty.
    pub async fn lists(&self) -> Lists {
        Lists::read(self).await
    }
}

impl Lists {
    async fn read(client: &Client) -> Self {
        let mut lists = Map::new();
        for (method, member) in [
            (ToolsList::NAME, "tools"),
            (PromptsList::NAME, "prompts"),
            (ResourcesList::NAME, "resources"),
            (ResourceTemplatesList::NAME, "resourceTemplates"),
        ] {
            lists.insert(member.to_owned(), Value::Array(items(client, method, member).await));
        }
        Self { lists }
    }

    /// Returns all lists as JSON: an object with the members `tools`, `prompts`, `resources` and
    /// `resourceTemplates`.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::test;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("calculator", "1.0.0").routes(routes![add])).await;
    /// let json = client.lists().await.json();
    /// let names: Vec<_> = json["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
    /// assert_eq!(names, ["add"]);
    /// # });
    /// ```
    #[must_use]
    pub fn json(&self) -> Value {
        Value::Object(self.lists.clone())
    }

    /// Returns a tool as it is listed.
    ///
    /// ```
    /// # use mcp_server::{Server, routes, tool};
    /// # /// Add two numbers.
    /// # #[tool]
    /// # async fn add(a: i64, b: i64) -> i64 { a + b }
    /// # use mcp_server::test;
    /// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
    /// # let client = test::client(Server::builder("calculator", "1.0.0").routes(routes![add])).await;
    /// let lists = client.lists().await;
    /// let schema = &lists.tool("add")["inputSchema"];
    /// assert_eq!(schema["required"], serde_json::json!(["a", "b"]));
    /// # });
    /// ```
    ///
    /// # Panics
    /// If the server lists no tool with this name.
    #[track_caller]
    #[must_use]
    pub fn tool(&self, name: &str) -> &Value {
        let tools = self.lists.get("tools").and_then(Value::as_array);
        let tools = tools.map_or(&[][..], Vec::as_slice);
        if let Some(tool) = tools.iter().find(|tool| tool["name"] == name) {
            return tool;
        }
        let names: Vec<_> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
        panic!("the server lists no tool {name:?}; it lists {}", names.join(", "))
    }

    /// Asserts that the input and output schemas of a tool are those in a file. With the
    /// environment variable `MCP_SNAPSHOTS=write`, the file is written.
    ///
    /// The path is relative to the folder of the package, in which Cargo runs its tests.
    ///
    /// ```no_run
    /// # async fn example(client: mcp_server::test::Client) {
    /// // MCP_SNAPSHOTS=write cargo test, once. Then a changed type fails the test, with the difference.
    /// client.lists().await.assert_tool_schemas("add", "tests/snapshots/add.json");
    /// # }
    /// ```
    ///
    /// # Panics
    /// If they are not, with the difference; if there is no such tool; if the file cannot be read.
    #[track_caller]
    pub fn assert_tool_schemas(&self, name: &str, path: impl AsRef<Path>) -> &Self {
        let tool = self.tool(name);
        let mut schemas = json!({ "inputSchema": tool["inputSchema"] });
        if let Some(output) = tool.get("outputSchema") {
            schemas["outputSchema"] = output.clone();
        }
        assert_snapshot(&format!("the schemas of the tool {name:?}"), path.as_ref(), &schemas);
        self
    }

    /// Asserts that all lists are those in a file: nothing was added, removed or changed. With the
    /// environment variable `MCP_SNAPSHOTS=write`, the file is written.
    ///
    /// ```no_run
    /// # async fn example(client: mcp_server::test::Client) {
    /// // The names, texts and schemas of everything, because models depend on them.
    /// client.lists().await.assert_unchanged("tests/snapshots/lists.json");
    /// # }
    /// ```
    ///
    /// # Panics
    /// If they are not, with the difference; if the file cannot be read.
    #[track_caller]
    pub fn assert_unchanged(&self, path: impl AsRef<Path>) -> &Self {
        assert_snapshot("the lists of the server", path.as_ref(), &self.json());
        self
    }
}

/// Reads all pages of a list. A list that the server does not offer is empty.
async fn items(client: &Client, method: &str, member: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut params = json!({});
    for _ in 0..MAX_PAGES {
        let mut result = match client.request(method, params.clone()).await {
            Ok(result) => result,
            Err(error) if error.code() == code::METHOD_NOT_FOUND => return all,
            Err(error) => panic!("{method}: {error}"),
        };
        if let Value::Array(items) = result[member].take() {
            all.extend(items);
        }
        match result["nextCursor"].take() {
            Value::Null => return all,
            cursor => params = json!({ "cursor": cursor }),
        }
    }
    panic!("{method}: the list has more than {MAX_PAGES} pages")
}
