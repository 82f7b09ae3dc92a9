//! A server for the examples in the documentation of the client: notes, tools, prompts and tasks,
//! of 2026-07-28 and of the revisions with a handshake.

use std::error::Error;

use serde_json::{Value, json};
use tokio::io::{DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::runtime::Builder;

use crate::LinePeer;
use crate::message::{discovered, error, initialized, notification, response, text};

const QUESTION: &str = "the question of a tool";

const SKILL: &str = "skill://weekly-review/SKILL.md";
const SKILL_TEXT: &str = "---\nname: weekly-review\ndescription: Reviews the notes of a week\n---\n\
                          Read the notes, and write a summary.\n";
const SKILL_DIGEST: &str =
    "sha256:23cf6b51ba5c41eb251153f551303f8691abef5fdc140e5070a41d4b4b4d793b";
const FORM: &str = "skill://weekly-review/references/FORM.md";
const FORM_TEXT: &str = "- Title\n- Summary\n";
const FORM_DIGEST: &str = "sha256:238cc66d893c895cd6d37ccfa56c961e1e587b23e226c02d7db8029b8fca3ce2";

/// Runs an example with a new server, to which it may connect once. Fails if the example does.
///
/// # Panics
/// If the example returns an error.
pub fn with_notes_server(
    example: impl AsyncFnOnce(
        ReadHalf<DuplexStream>,
        WriteHalf<DuplexStream>,
    ) -> Result<(), Box<dyn Error>>,
) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let done = runtime.block_on(async {
        let (client, server) = duplex(1 << 20);
        let peer = LinePeer::new(server);
        tokio::spawn(NotesServer { peer, polls: 0, is_answered: false }.serve());
        let (reader, writer) = split(client);
        example(reader, writer).await
    });
    if let Err(error) = done {
        panic!("{error:?}");
    }
}

struct NotesServer {
    peer: LinePeer,
    /// How often the task `report` was asked for.
    polls: usize,
    /// Whether the question of the task `publish` was answered.
    is_answered: bool,
}

impl NotesServer {
    async fn serve(mut self) {
        while let Some(message) = self.peer.next().await {
            let (id, method) = (&message["id"], message["method"].as_str().unwrap_or_default());
            if id.is_null() || method.is_empty() {
                continue;
            }
            let params = &message["params"];
            match method {
                "tools/call" => self.call(id, params).await,
                "subscriptions/listen" => self.listen(id, &params["notifications"]).await,
                "resources/subscribe" => {
                    self.complete(id, json!({})).await;
                    self.tell("notifications/resources/updated", json!({"uri": params["uri"]}))
                        .await;
                }
                _ => match self.result(method, params) {
                    Some(result) => self.complete(id, result).await,
                    None => {
                        let refused = error(id, -32601, "unknown method", Value::Null);
                        self.peer.send(&refused).await;
                    }
                },
            }
        }
    }

    async fn complete(&mut self, id: &Value, mut result: Value) {
        if result.get("resultType").is_none() {
            result["resultType"] = "complete".into();
        }
        self.peer.send(&response(id, result)).await;
    }

    async fn tell(&mut self, method: &str, params: Value) {
        self.peer.send(&notification(method, params)).await;
    }

    fn result(&mut self, method: &str, params: &Value) -> Option<Value> {
        Some(match method {
            "server/discover" => {
                let mut result = discovered(capabilities());
                result["instructions"] = "Search before you add a note.".into();
                result["_meta"] = json!({"io.modelcontextprotocol/serverInfo": info()});
                result
            }
            "initialize" => {
                let mut result = initialized(params["protocolVersion"].as_str()?);
                result["capabilities"] = capabilities();
                result["serverInfo"] = info();
                result
            }
            "tools/list" => tools(params["cursor"].as_str()),
            "prompts/list" => cacheable("prompts", json!([{"name": "review"}])),
            "prompts/get" => json!({"messages": [{
                "role": "user",
                "content": {"type": "text", "text": "Review this note: buy milk"},
            }]}),
            "completion/complete" => json!({"completion": {"values": ["milk", "mill"]}}),
            "resources/list" => {
                let notes = ["1", "2"].map(|id| json!({"uri": format!("note://{id}"), "name": id}));
                cacheable("resources", json!(notes))
            }
            "resources/templates/list" => {
                let template = json!({"uriTemplate": "note://{id}", "name": "note"});
                cacheable("resourceTemplates", json!([template]))
            }
            "resources/read" => {
                let text = match params["uri"].as_str()? {
                    SKILL => SKILL_TEXT,
                    FORM => FORM_TEXT,
                    _ => "buy milk",
                };
                let contents =
                    json!({"uri": params["uri"], "mimeType": "text/plain", "text": text});
                cacheable("contents", json!([contents]))
            }
            "resources/directory/read" => json!({"resources": [{"uri": FORM, "name": "FORM.md"}]}),
            "skills/list" => cacheable("skills", json!([skill()])),
            "skills/get" => json!({"skill": skill()}),
            "tasks/get" if params["taskId"] == "publish" && self.is_answered => {
                completed("publish", "published")
            }
            "tasks/get" if params["taskId"] == "publish" => {
                let mut state = task("publish", "input_required");
                state["inputRequests"] = json!({QUESTION: {
                    "method": "elicitation/create",
                    "params": {"message": "Publish?", "requestedSchema": sure()},
                }});
                state
            }
            "tasks/get" if self.polls == 0 => {
                self.polls = 1;
                task("report", "working")
            }
            "tasks/get" => completed("report", "2 notes, both about milk"),
            "tasks/update" => {
                self.is_answered = true;
                json!({})
            }
            "tasks/cancel" | "ping" | "logging/setLevel" | "resources/unsubscribe" => json!({}),
            "com.example/count" => json!({"notes": 2}),
            _ => return None,
        })
    }

    async fn call(&mut self, id: &Value, params: &Value) {
        let (arguments, meta) = (&params["arguments"], &params["_meta"]);
        let answer = &params["inputResponses"][QUESTION];
        let result = match params["name"].as_str().unwrap_or_default() {
            "add" => {
                let sum = arguments["a"].as_i64().zip(arguments["b"].as_i64()).map(|(a, b)| a + b);
                let mut result = text(&json!(sum).to_string());
                result["structuredContent"] = json!(sum);
                result
            }
            "index" => {
                if !meta["io.modelcontextprotocol/logLevel"].is_null() {
                    let log = json!({"level": "info", "data": "2 notes are new"});
                    self.tell("notifications/message", log).await;
                }
                if let Some(token) = meta.get("progressToken") {
                    for done in [1, 2] {
                        let report = json!({"progressToken": token, "progress": done, "total": 2});
                        self.tell("notifications/progress", report).await;
                    }
                }
                text("2 notes")
            }
            "read" => {
                let mut result = text("there is no note 9");
                result["isError"] = true.into();
                result
            }
            "delete" if answer.is_null() => asks(
                "elicitation/create",
                json!({"message": "Delete the note \"buy milk\"?", "requestedSchema": sure()}),
            ),
            "delete" if answer["action"] == "accept" => text("deleted"),
            "delete" => text("kept"),
            "share" if answer.is_null() => {
                let url = "https://notes.example.com/connect?session=1";
                let params = json!({"mode": "url", "message": "Connect your account", "url": url});
                asks("elicitation/create", params)
            }
            "share" => text("shared"),
            "summarize" if answer.is_null() => asks(
                "sampling/createMessage",
                json!({"maxTokens": 100, "messages": [{
                    "role": "user",
                    "content": {"type": "text", "text": "Summarize: buy milk"},
                }]}),
            ),
            "summarize" => text(answer["content"]["text"].as_str().unwrap_or_default()),
            "find" if answer.is_null() => asks("roots/list", json!({})),
            "find" => text(answer["roots"][0]["uri"].as_str().unwrap_or_default()),
            "open" if answer.is_null() => asks("com.example/open", json!({"path": "notes.md"})),
            "open" => text(&answer.to_string()),
            name @ ("report" | "publish") => {
                let mut created = task(name, "working");
                created["resultType"] = "task".into();
                created
            }
            // It has no end: for examples that cancel it.
            "backup" => return,
            name => {
                let message = format!("there is no tool {name}");
                let refused = error(id, -32602, &message, Value::Null);
                return self.peer.send(&refused).await;
            }
        };
        self.complete(id, result).await;
    }

    /// Agrees to a subscription, and reports what it asks for once.
    async fn listen(&mut self, id: &Value, filter: &Value) {
        let meta = json!({"io.modelcontextprotocol/subscriptionId": id});
        let agreed = json!({"notifications": filter, "_meta": meta});
        self.tell("notifications/subscriptions/acknowledged", agreed).await;
        if filter["toolsListChanged"] == true {
            self.tell("notifications/tools/list_changed", json!({"_meta": meta})).await;
        }
        for uri in filter["resourceSubscriptions"].as_array().into_iter().flatten() {
            let updated = json!({"uri": uri, "_meta": meta});
            self.tell("notifications/resources/updated", updated).await;
        }
    }
}

fn info() -> Value {
    json!({"name": "notes-server", "version": "1.4.0"})
}

fn capabilities() -> Value {
    json!({
        "tools": {"listChanged": true},
        "resources": {"subscribe": true},
        "prompts": {},
        "completions": {},
        "logging": {},
        "extensions": {
            "io.modelcontextprotocol/skills": {"directoryRead": true},
            "io.modelcontextprotocol/tasks": {},
            "com.example/notes": {"maxBytes": 4096},
        },
    })
}

/// A result that may be kept for a minute.
fn cacheable(member: &str, value: Value) -> Value {
    json!({member: value, "ttlMs": 60_000, "cacheScope": "private"})
}

/// The only skill.
fn skill() -> Value {
    json!({
        "uri": SKILL,
        "frontmatter": {"name": "weekly-review", "description": "Reviews the notes of a week"},
        "resources": [
            {"uri": SKILL, "digest": SKILL_DIGEST, "size": SKILL_TEXT.len()},
            {"uri": FORM, "digest": FORM_DIGEST, "size": FORM_TEXT.len()},
        ],
    })
}

/// The tools, in two pages.
fn tools(cursor: Option<&str>) -> Value {
    let schema = json!({"type": "object"});
    let tools: Vec<Value> = match cursor {
        None => vec![json!({
            "name": "add",
            "description": "Adds two numbers.",
            "inputSchema": schema,
            "outputSchema": {"type": "integer"},
        })],
        Some(_) => vec![json!({"name": "index", "inputSchema": schema})],
    };
    let mut page = cacheable("tools", json!(tools));
    if cursor.is_none() {
        page["nextCursor"] = "page 2".into();
    }
    page
}

/// A result that asks something.
fn asks(method: &str, params: Value) -> Value {
    json!({
        "resultType": "input_required",
        "inputRequests": {QUESTION: {"method": method, "params": params}},
        "requestState": "1",
    })
}

/// The schema of a form that asks whether the user is sure.
fn sure() -> Value {
    json!({
        "type": "object",
        "properties": {"sure": {"type": "boolean"}},
        "required": ["sure"],
    })
}

/// A state of a task.
fn task(id: &str, status: &str) -> Value {
    json!({
        "taskId": id,
        "status": status,
        "statusMessage": "reading the notes",
        "createdAt": "2026-11-28T00:00:00Z",
        "lastUpdatedAt": "2026-11-28T00:00:00Z",
        "ttlMs": null,
        "pollIntervalMs": 10,
    })
}

/// The last state of a task.
fn completed(id: &str, result: &str) -> Value {
    let mut task = task(id, "completed");
    task["result"] = text(result);
    task
}
