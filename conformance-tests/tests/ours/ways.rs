//! The ways a client gets to a server.

use std::process::Command;

use mcp_client::types::{CreateMessageResult, ElicitResult, Role, Root, SamplingContent};
use mcp_client::{Client, ClientBuilder, Revision};
use mcp_server::BuiltServer;
use serde_json::json;

/// A client that says yes, samples "well" and has one root.
pub(crate) fn host(revision: Revision) -> ClientBuilder {
    Client::builder()
        .pin(revision)
        .on_elicit(|_| async {
            Ok(ElicitResult::accept(json!({ "sure": true }).as_object().cloned().unwrap_or_default()))
        })
        .on_sample(|_| async {
            Ok(CreateMessageResult::new(Role::Assistant, SamplingContent::text("well"), "model"))
        })
        .roots([Root::new("file:///here")])
}

pub(crate) async fn over_a_stream(server: &BuiltServer, builder: ClientBuilder) -> Client {
    let (ours, theirs) = tokio::io::duplex(16 << 10);
    let server = server.clone();
    tokio::spawn(async move {
        let (reader, writer) = tokio::io::split(theirs);
        server.serve(reader, writer).await
    });
    let (reader, writer) = tokio::io::split(ours);
    builder.connect(reader, writer).await.expect("a connection over a stream")
}

pub(crate) async fn in_memory(server: &BuiltServer, builder: ClientBuilder) -> Client {
    builder.connect_memory(server).await.expect("a connection in memory")
}

pub(crate) fn everything_server() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_everything-server"));
    command.arg("--stdio");
    command
}
