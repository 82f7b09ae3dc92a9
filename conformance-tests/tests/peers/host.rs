//! A client as a host would set it up: it answers questions, and remembers progress.

use std::process::Command;
use std::sync::{Arc, Mutex};

use mcp_client::types::{CreateMessageResult, ElicitResult, Root, SamplingContent};
use mcp_client::{Client, ClientBuilder, Revision};
use serde_json::json;

/// A builder whose client says "Ann" in forms, visits URLs, echoes samples and has one root.
pub(crate) fn host() -> ClientBuilder {
    Client::builder()
        .client_info("peer-tests", "1.0.0")
        .on_elicit(|form| async move {
            assert!(!form.message.is_empty());
            let content = json!({ "name": "Ann" });
            Ok(ElicitResult::accept(content.as_object().cloned().unwrap_or_default()))
        })
        .on_elicit_url(|_| async { Ok(ElicitResult::accept_url()) })
        .on_create_message(|params| async move {
            assert!(params.max_tokens > 0);
            let text = SamplingContent::text("sampled");
            Ok(CreateMessageResult::new(mcp_client::types::Role::Assistant, text, "test-model"))
        })
        .roots([Root::new("file:///r")])
}

/// Connects, in a revision if one is given.
pub(crate) async fn connect(command: Command, revision: Option<Revision>) -> Client {
    let mut builder = host();
    if let Some(revision) = revision {
        builder = builder.revision(revision);
    }
    builder.connect_command(command).await.expect("the server answers")
}

/// Where a call's progress goes.
pub(crate) type Steps = Arc<Mutex<Vec<f64>>>;

/// Calls a tool and gives its text.
pub(crate) async fn text(client: &Client, tool: &str, arguments: serde_json::Value) -> String {
    client.call_tool(tool, &arguments).await.expect(tool).text()
}
