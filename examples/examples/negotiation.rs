//! What two sides agree on before they work: the revision and the capabilities; and pages of lists,
//! and a sign of life.
//!
//! `cargo run -p mcp-examples --example negotiation`
//!
//! It prints a line for each revision of the client.

#![allow(clippy::print_stdout)] // This process is the client; the server is in memory.

use std::time::Duration;

use futures::TryStreamExt as _;
use mcp_client::types::ElicitResult;
use mcp_client::{Client, Era, Revision};
use mcp_server::input::AskError;
use mcp_server::tool::ToolRoute;
use mcp_server::{BuildError, Context, Elicit, Server, routes, tool};
use serde::Deserialize;

/// Say what the client can do.
#[tool(read_only)]
fn capabilities(ctx: &Context) -> String {
    format!("forms: {}, sampling: {}", ctx.can_elicit(), ctx.can_sample())
}

/// Ask the user, which needs a client that can.
#[tool]
async fn confirm(ctx: &Context) -> Result<bool, AskError> {
    Ok(ctx.elicit::<Confirm>("Go on?").await?.sure)
}

#[derive(Deserialize, Elicit)]
struct Confirm {
    sure: bool,
}

/// A server with 25 tools, in pages of 10.
fn server() -> Result<Server, BuildError> {
    let more = (2..25)
        .map(|number| ToolRoute::builder(format!("tool-{number}")).handler(|| async { "done" }));
    Server::builder("many", "1.0.0")
        .page_size(10)
        .routes(routes![capabilities, confirm])
        .tools(more)
        .build()
}

/// Describes what a client finds.
async fn describe(client: &Client) -> Result<String, mcp_client::Error> {
    let first = client.list_tools().page(None).await?;
    let mut tools = client.tools(); // Fetches the pages one after the other.
    let mut all = 0;
    while tools.try_next().await?.is_some() {
        all += 1;
    }
    let patience = Duration::from_secs(2);
    match client.revision().era() {
        Era::Legacy => drop(client.ping().timeout(patience).await?),
        Era::Modern => drop(client.discover().timeout(patience).await?),
    }
    let declared = client.server_capabilities();
    Ok(format!(
        "{}: {} of {all} tools on the first page; prompts: {}; {}",
        client.revision(),
        first.tools.len(),
        declared.prompts.is_some(),
        client.call_tool("capabilities", &()).await?.text()
    ))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = server()?;
    for revision in Revision::ALL {
        let builder = Client::builder().revision(revision);
        println!("{}", describe(&builder.connect_memory(&server).await?).await?);
    }
    // Without a revision the client finds the newest one of both. A handler declares a capability.
    let client = Client::builder().on_elicit(|_| async { Ok(ElicitResult::decline()) });
    println!("{}", describe(&client.connect_memory(&server).await?).await?);
    Ok(())
}

#[tokio::test]
async fn both_sides_agree() -> Result<(), Box<dyn std::error::Error>> {
    let server = server()?;
    let old = Client::builder().revision(Revision::V2024_11_05).connect_memory(&server).await?;
    let found = describe(&old).await?;
    assert_eq!(
        found,
        "2024-11-05: 10 of 25 tools on the first page; prompts: false; forms: false, sampling: false"
    );
    let new = Client::builder().on_elicit(|_| async { Ok(ElicitResult::decline()) });
    let found = describe(&new.connect_memory(&server).await?).await?;
    assert_eq!(
        found,
        "2026-07-28: 10 of 25 tools on the first page; prompts: false; forms: true, sampling: false"
    );
    Ok(())
}

#[tokio::test]
async fn what_a_side_did_not_declare_is_refused() -> Result<(), Box<dyn std::error::Error>> {
    let server = server()?;
    for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
        let client = Client::builder().revision(revision).connect_memory(&server).await?;
        // The server has no prompts.
        let error = client.list_prompts().await.err().ok_or("there are no prompts")?;
        let code = error.peer().map(mcp_client::ErrorObject::code);
        assert_eq!(code, Some(-32601), "{revision}: {error}");
        // The client has no handler for forms.
        let text = match client.call_tool("confirm", &()).await {
            Ok(reply) => {
                assert_eq!(reply.is_error, Some(true), "{revision}");
                reply.text()
            }
            Err(error) => error.to_string(),
        };
        assert!(
            text.contains("the client did not declare the capability `elicitation.form`"),
            "{revision}: {text}"
        );
    }
    Ok(())
}
