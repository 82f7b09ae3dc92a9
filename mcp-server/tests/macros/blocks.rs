//! Impl blocks: providers with tools, prompts and resources.

use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use mcp_server::completion::CompletionCall;
use mcp_server::route::Provider;
use mcp_server::{Context, Server, routes, tool, tools};
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::client::Client;

/// Implements neither `Clone` nor `Default`.
struct Notes {
    all: Mutex<Vec<String>>,
}

#[tools]
impl Notes {
    const PAGE: usize = 2;

    /// Write a note.
    #[tool(idempotent)]
    fn write(
        &self,
        /** The text. */
        text: String,
    ) -> usize {
        let mut all = self.all.lock().unwrap();
        all.push(text);
        all.len()
    }

    #[tool(read_only)]
    async fn list(
        &self,
        _context: &Context,
        #[arg(default = Self::PAGE)] limit: usize,
    ) -> Vec<String> {
        self.all.lock().unwrap().iter().take(limit).cloned().collect()
    }

    #[tool(blocking)]
    fn store(self: Arc<Self>, context: Context) -> String {
        format!("{} {}", self.all.lock().unwrap().len(), context.revision())
    }

    #[tool]
    fn name(&self) -> &str {
        "notes"
    }

    #[tool]
    async fn shared(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1
    }

    #[tool(name = "about")]
    fn without_self() -> &'static str {
        "about notes"
    }

    #[cfg(any())]
    #[tool]
    fn not_compiled(&self, missing: Missing) {}

    /// One note.
    #[resource("note://{id}", mime = "text/plain")]
    fn read(&self, id: usize) -> Result<String, String> {
        self.all.lock().unwrap().get(id).cloned().ok_or_else(|| format!("there is no note {id}"))
    }

    #[prompt]
    fn summarize(&self, #[arg(complete = Self::texts)] text: String) -> String {
        format!("Summarize {text}, one of {}.", self.not_marked())
    }

    async fn texts(&self, call: &CompletionCall) -> Vec<String> {
        self.all
            .lock()
            .unwrap()
            .iter()
            .filter(|text| text.starts_with(call.value()))
            .cloned()
            .collect()
    }

    fn not_marked(&self) -> usize {
        self.all.lock().unwrap().len()
    }
}

fn notes() -> Notes {
    Notes { all: Mutex::new(vec!["apples".to_owned(), "pears".to_owned(), "plums".to_owned()]) }
}

trait Database: Send + Sync + 'static {
    type Key: DeserializeOwned + JsonSchema + Display + Send;
    type Row: Serialize + JsonSchema;
    const LIMIT: u32;

    fn row(&self, key: &Self::Key) -> Option<Self::Row>;
}

struct Squares;

#[derive(Serialize, JsonSchema)]
struct Square {
    of: u32,
    is: u32,
}

impl Database for Squares {
    type Key = u32;
    type Row = Square;
    const LIMIT: u32 = 9;

    fn row(&self, key: &u32) -> Option<Square> {
        (*key < Self::LIMIT).then(|| Square { of: *key, is: key * key })
    }
}

struct Rows<'a, D, F> {
    database: D,
    label: F,
    name: &'a str,
    calls: AtomicU32,
}

#[tools]
impl<'a, D, F> Rows<'a, D, F>
where
    D: Database,
    F: Fn(&str) -> String + Send + Sync + 'static,
{
    #[tool]
    async fn get(
        &self,
        key: D::Key,
        #[arg(default = D::LIMIT)] limit: u32,
    ) -> Result<D::Row, String> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.database.row(&key).ok_or_else(|| format!("{} below {limit}", (self.label)(self.name)))
    }

    #[tool]
    fn borrowed<'b>(&'b self) -> Result<&'b str, String> {
        let first: &'b str = self.name.split(' ').next().unwrap_or_default();
        Ok(first)
    }

    #[tool]
    fn borrowed_list(&self) -> Vec<&str> {
        self.name.split(' ').collect()
    }

    #[resource("row://{key}")]
    fn read(&self, key: D::Key) -> String {
        key.to_string()
    }
}

fn rows() -> Rows<'static, Squares, impl Fn(&str) -> String> {
    let label = |name: &str| format!("not in {name}");
    Rows { database: Squares, label, name: "all rows", calls: AtomicU32::new(0) }
}

#[tool]
fn free() -> &'static str {
    "free"
}

#[tokio::test]
async fn methods_are_tools_prompts_and_resources() {
    let client = Client::new(Server::builder("test", "1").with(notes())).await;
    let names: Vec<_> =
        client.list("tools").await.into_iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, ["write", "list", "store", "name", "shared", "about"]);
    let write = client.tool("write").await;
    assert_eq!(write["description"], "Write a note.");
    assert_eq!(
        write["inputSchema"]["properties"],
        json!({"text": {"type": "string", "description": "The text."}})
    );
    assert_eq!(
        client.tool("list").await["inputSchema"]["properties"],
        json!({"limit": {"type": "integer", "minimum": 0, "default": 2}})
    );
    assert_eq!(client.call("write", json!({"text": "figs"})).await["structuredContent"], 4);
    assert_eq!(
        client.call("list", json!({})).await["structuredContent"],
        json!(["apples", "pears"])
    );
    assert!(client.text("store", json!({})).await.starts_with("4 "));
    assert_eq!(client.text("name", json!({})).await, "notes");
    assert_eq!(client.text("shared", json!({})).await, "true");
    assert_eq!(client.text("about", json!({})).await, "about notes");

    let note = client.read("note://3").await.unwrap();
    assert_eq!(note, json!({"uri": "note://3", "mimeType": "text/plain", "text": "figs"}));
    assert_eq!(client.read("note://9").await.unwrap_err().code(), -32603);
    assert_eq!(
        client.prompt("summarize", json!({"text": "x"})).await.unwrap(),
        "Summarize x, one of 4."
    );
    let suggested =
        client.complete(json!({"type": "ref/prompt", "name": "summarize"}), "text", "p").await;
    assert_eq!(suggested, json!(["pears", "plums"]));
}

#[tokio::test]
async fn blocks_may_be_generic_and_borrow() {
    let client = Client::new(Server::builder("test", "1").with(rows())).await;
    let get = client.tool("get").await;
    assert_eq!(
        get["inputSchema"]["properties"],
        json!({
            "key": {"type": "integer", "minimum": 0},
            "limit": {"type": "integer", "minimum": 0, "default": 9},
        })
    );
    assert_eq!(get["outputSchema"]["required"], json!(["of", "is"]));
    assert_eq!(
        client.call("get", json!({"key": 3})).await["structuredContent"],
        json!({"of": 3, "is": 9})
    );
    let failed = client.call("get", json!({"key": 10})).await;
    assert_eq!(failed["content"][0]["text"], "not in all rows below 9");
    assert_eq!(client.argument_errors("get", json!({"key": "x", "limit": -1})).await.len(), 2);
    assert_eq!(client.text("borrowed", json!({})).await, "all");
    assert_eq!(
        client.call("borrowed_list", json!({})).await["structuredContent"],
        json!(["all", "rows"])
    );
    assert_eq!(client.read("row://4").await.unwrap()["text"], "4");
}

#[tokio::test]
async fn several_providers_and_functions_share_a_server() {
    let server = Server::builder("test", "1").with(notes()).routes(routes![free]).with(rows());
    let client = Client::new(server).await;
    assert_eq!(client.list("tools").await.len(), 10);
    assert_eq!(client.list("templates").await.len(), 2);
    assert_eq!(client.text("free", json!({})).await, "free");
    assert_eq!(client.text("name", json!({})).await, "notes");
    assert_eq!(client.text("borrowed", json!({})).await, "all");
}

#[tokio::test]
async fn a_provider_can_be_shared_with_the_rest_of_the_program() {
    let rows = Arc::new(rows());
    let client = Client::new(Server::builder("test", "1").with_shared(Arc::clone(&rows))).await;
    client.call("get", json!({"key": 1})).await;
    client.call("get", json!({"key": 2})).await;
    assert_eq!(rows.calls.load(Ordering::Relaxed), 2);
    // Its methods can still be called directly.
    assert_eq!(rows.get(3, 0).await.map(|row| row.is), Ok(9));
    assert_eq!(rows.borrowed(), Ok("all"));
}

#[test]
fn duplicate_names_of_providers_are_refused_when_the_server_is_built() {
    let error = Server::builder("test", "1").with(notes()).with(notes()).build().unwrap_err();
    let text = error.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!((lines.len(), lines[0]), (9, "the server has 8 mistakes:"), "{text}");
    assert!(
        lines[1].starts_with("- the tool \"write\" is registered twice: both times by the"),
        "{text}"
    );
}

#[test]
fn routes_of_a_provider_can_be_filtered() {
    let mut routes = Arc::new(notes()).routes();
    routes.tools.retain(|route| route.tool().name == "about");
    assert!(Server::builder("test", "1").tools(routes.tools).build().is_ok());
}
