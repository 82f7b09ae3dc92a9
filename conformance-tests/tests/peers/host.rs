//! A client with the handlers of a typical host.

use std::process::Command;
use std::sync::{Arc, Mutex};

use mcp_client::types::{CreateMessageResult, ElicitResult, Root, SamplingContent};
use mcp_client::{Client, ClientBuilder, Revision};
use serde_json::json;

/// Creates the builder of a client that enters "Ann" into forms, accepts URLs, samples the text
/// "sampled" and has one root.
pub(crate) fn host() -> ClientBuilder {
    Client::builder()
        .client_info("peer-tests", "1.0.0")
        .on_elicit(|form| async move {
            assert!(!form.message.is_empty());
            ElicitResult::accept(json!({ "name": "Ann" }))
        })
        .on_elicit_url(|_| async { Ok(ElicitResult::accept_url()) })
        .on_create_message(|params| async move {
            assert!(params.max_tokens > 0);
            let text = SamplingContent::text("sampled");
            Ok(CreateMessageResult::new(mcp_client::types::Role::Assistant, text, "test-model"))
        })
        .roots([Root::new("file:///r")])
}

/// Connects to a child process, with a fixed revision if one is given.
pub(crate) async fn connect(command: Command, revision: Option<Revision>) -> Client {
    let mut builder = host();
    if let Some(revision) = revision {
        builder = builder.revision(revision);
    }
    builder.connect_command(command).await.expect("the server answers")
}

/// Collects the progress of a call.
pub(crate) type Steps = Arc<Mutex<Vec<f64>>>;

/// Calls a tool and returns its text.
pub(crate) async fn text(client: &Client, tool: &str, arguments: serde_json::Value) -> String {
    client.call_tool(tool, &arguments).await.expect(tool).text()
}
