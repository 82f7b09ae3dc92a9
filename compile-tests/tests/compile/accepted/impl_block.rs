#![deny(warnings)]

use std::sync::{Arc, Mutex};

use mcp_server::completion::CompletionCall;
use mcp_server::route::Provider;
use mcp_server::{Context, tools};

struct Notes {
    all: Mutex<Vec<String>>,
}

#[tools]
impl Notes {
    const PAGE: usize = 10;

    /// Write a note.
    #[tool(idempotent)]
    fn write(&self, text: String) -> usize {
        let mut all = self.lock();
        all.push(text);
        all.len()
    }

    #[tool(read_only)]
    async fn list(
        &self,
        context: &Context,
        #[arg(default = Self::PAGE)] limit: usize,
    ) -> Vec<String> {
        let _ = context;
        self.lock().iter().take(limit).cloned().collect()
    }

    #[mcp_server::tool(blocking)]
    fn store(self: Arc<Self>, context: Context) -> &'static str {
        let _ = (context, self);
        "stored"
    }

    #[tool]
    fn pointer(self: &Arc<Self>) -> usize {
        Arc::strong_count(self)
    }

    #[tool(name = "about")]
    fn without_self() -> &'static str {
        "notes"
    }

    #[cfg(any())]
    #[tool]
    fn configured_away(&self, missing: Missing) {}

    /// One note.
    #[resource("note://{id}/{lines}", mime = "text/plain")]
    async fn read<'a>(&'a self, id: usize, lines: Option<u32>) -> Result<String, String> {
        let _ = lines;
        self.lock().get(id).cloned().ok_or_else(|| format!("there is no note {id}"))
    }

    /// Summarize.
    #[prompt(title = "Summarize")]
    fn summarize(
        &self,
        /// What about.
        #[arg(complete = Self::topics)]
        topic: String,
        #[arg(complete = ["dry", "warm"])] tone: Option<String>,
        #[arg(complete = free_topics, default = 3)] lines: u8,
    ) -> String {
        format!("{topic} {tone:?} {lines}")
    }

    async fn topics(&self, call: &CompletionCall) -> Vec<String> {
        self.lock().iter().filter(|note| note.starts_with(call.value())).cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.all.lock().unwrap()
    }
}

async fn free_topics(_: &CompletionCall) -> Vec<&'static str> {
    vec!["1", "2"]
}

#[test]
fn the_methods_of_a_block_become_routes() {
    let notes = Arc::new(Notes { all: Mutex::default() });
    assert_eq!(notes.write("a".to_owned()), 1);
    assert_eq!(notes.summarize("x".to_owned(), None, 3), "x None 3");
    let routes = notes.routes();
    assert_eq!((routes.tools.len(), routes.prompts.len(), routes.resources.len()), (5, 1, 1));
}
