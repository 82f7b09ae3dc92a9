//! A server with state: tools, resources and prompts on one value that holds notes.
//!
//! Build it with `cargo build -p mcp-examples --examples`, then start it from a client:
//! `cargo run -p mcp-examples --example client -- target/debug/examples/notes`.
//!
//! It has tools that write, find and delete notes, a resource for each note, completion of note
//! names, and a prompt. Clients are notified when a note changes. Deleting asks the user first if
//! the client supports elicitation.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mcp_server::completion::CompletionCall;
use mcp_server::input::Answer;
use mcp_server::jsonrpc::{ErrorObject, code};
use mcp_server::{Context, Elicit, ServeError, Server, ServerHandle, ToolError, tools};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

struct Notes {
    texts: Mutex<BTreeMap<String, String>>,
    server: ServerHandle,
}

/// A search result.
#[derive(Serialize, JsonSchema)]
struct Hit {
    /// The note's name.
    name: String,
    /// The first line that matches.
    line: String,
}

/// The question before a note is deleted.
#[derive(Deserialize, Elicit)]
struct Confirm {
    #[elicit(title = "Delete it?")]
    sure: bool,
}

#[tools]
impl Notes {
    /// Write a note. It replaces a note of the same name.
    #[tool(idempotent, open_world = false)]
    fn write(
        &self,
        /** name of the note */
        name: String,
        /** all of its text */
        text: String,
    ) -> String {
        let uri = format!("note://{name}");
        self.texts().insert(name, text);
        self.server.resource_updated(&*uri);
        format!("wrote {uri}")
    }

    /// Find notes that contain a text.
    #[tool(read_only, open_world = false)]
    fn search(
        &self,
        /** what to look for */
        text: String,
        /** at most so many hits */
        #[arg(default = 10)]
        most: usize,
    ) -> Vec<Hit> {
        let notes = self.texts();
        let hits = notes.iter().filter_map(|(name, note)| {
            let line = note.lines().find(|line| line.contains(&text))?;
            Some(Hit { name: name.clone(), line: line.to_owned() })
        });
        hits.take(most).collect()
    }

    /// Delete a note, after asking the user.
    #[tool(destructive, open_world = false)]
    async fn delete(
        &self,
        ctx: &Context,
        /** name of the note */
        name: String,
    ) -> Result<String, ToolError> {
        if ctx.can_elicit() {
            match ctx
                .elicit::<Confirm>(format!("Really delete the note {name:?}?"))
                .answer()
                .await?
            {
                Answer::Accept(Confirm { sure: true }) => {}
                _ => return Ok("kept, the user did not want it".to_owned()),
            }
        }
        match self.texts().remove(&name) {
            Some(_) => Ok(format!("deleted {name:?}")),
            None => Err(ToolError::new(format!("there is no note {name:?}"))),
        }
    }

    /// The names of all notes, one per line.
    #[resource("notes://index", mime = "text/plain")]
    fn index(&self) -> String {
        self.texts().keys().cloned().collect::<Vec<_>>().join("\n")
    }

    /// One note.
    #[resource("note://{name}", mime = "text/plain")]
    fn read(&self, #[arg(complete = Self::names)] name: String) -> Result<String, ErrorObject> {
        let note = self.texts().get(&name).cloned();
        note.ok_or_else(|| {
            ErrorObject::new(code::RESOURCE_NOT_FOUND, format!("there is no note {name:?}"))
        })
    }

    /// Ask for a summary of a note.
    #[prompt]
    fn summarize(
        &self,
        /** name of the note */
        #[arg(complete = Self::names)]
        name: String,
        /** how it should sound */
        #[arg(complete = ["plain", "formal", "cheerful"])]
        tone: Option<String>,
    ) -> Result<String, ErrorObject> {
        let text = self.read(name)?;
        let tone = tone.unwrap_or_else(|| "plain".to_owned());
        Ok(format!("Summarize this note in a {tone} tone:\n\n{text}"))
    }

    async fn names(&self, call: &CompletionCall) -> Vec<String> {
        self.texts().keys().filter(|name| name.starts_with(call.value())).cloned().collect()
    }

    fn texts(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    let server =
        Server::builder("notes", "1.0.0").instructions("Keeps notes for as long as it runs.");
    let texts =
        BTreeMap::from([("welcome".to_owned(), "Write a note with the tool `write`.".to_owned())]);
    let notes = Notes { texts: Mutex::new(texts), server: server.handle() };
    server.with(notes).serve_stdio().await
}
