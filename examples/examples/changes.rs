//! Changes of a running server, and a client that follows them: the lists of tools, prompts and
//! resources, and the contents of a resource.
//!
//! `cargo run -p mcp-examples --example changes`
//!
//! It prints each change. The client of the first half speaks the latest revision, and has one
//! subscription for everything. That of the second half speaks 2025-11-25, and subscribes to a
//! resource and unsubscribes with requests.

#![allow(clippy::print_stdout)] // This process is the client; the server is in memory.

use std::sync::atomic::{AtomicU32, Ordering};

use futures::StreamExt as _;
use mcp_client::types::SubscriptionFilter;
use mcp_client::{Client, Event, Revision};
use mcp_server::extract::State;
use mcp_server::prompt::PromptRoute;
use mcp_server::resource::ResourceRoute;
use mcp_server::tool::ToolRoute;
use mcp_server::{BuildError, Server, ServerHandle, prompt, resource, routes, tool};

#[derive(Default)]
struct Visits(AtomicU32);

/// Count a visit.
#[tool]
fn visit(visits: State<Visits>) -> u32 {
    visits.0.fetch_add(1, Ordering::Relaxed) + 1
}

/// The number of visits.
#[resource("counter://visits", mime = "text/plain")]
fn visits(visits: State<Visits>) -> String {
    visits.0.load(Ordering::Relaxed).to_string()
}

/// Greet the visitors.
#[prompt]
fn greet() -> &'static str {
    "Greet the visitors."
}

fn server() -> Result<(Server, ServerHandle), BuildError> {
    let builder = Server::builder("counter", "1.0.0")
        .state(Visits::default())
        .routes(routes![visit, visits, greet]);
    let handle = builder.handle();
    Ok((builder.build()?, handle))
}

/// Adds one of each.
fn grow(server: &ServerHandle) -> Result<(), BuildError> {
    let reset = ToolRoute::builder("reset").description("Begin again.");
    server.set_tool(reset.handler(|visits: State<Visits>| async move {
        visits.0.store(0, Ordering::Relaxed);
        "reset"
    }))?;
    server.set_prompt(PromptRoute::builder("part").handler(|| async { "Say goodbye." }))?;
    server.set_resource(
        ResourceRoute::builder("text://motto", "motto").handler(|| async { "Less is more." }),
    )
}

/// Describes a change, with what the client finds when it looks.
async fn describe(client: &Client, event: Event) -> Result<String, mcp_client::Error> {
    Ok(match event {
        Event::ToolsListChanged => format!("{} tools", client.list_tools().await?.len()),
        Event::PromptsListChanged => format!("{} prompts", client.list_prompts().await?.len()),
        Event::ResourcesListChanged => {
            format!("{} resources", client.list_resources().await?.len())
        }
        Event::ResourceUpdated(updated) => {
            let contents = client.read_resource(&updated.uri).await?.contents;
            let text = contents.first().and_then(|contents| contents.as_text()).unwrap_or("?");
            format!("{} is {text}", updated.uri)
        }
        other => format!("{other:?}"),
    })
}

/// Follows the changes with one subscription, and returns their descriptions, sorted.
async fn follow() -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let (server, handle) = server()?;
    let client = Client::connect_memory(&server).await?;
    let filter = SubscriptionFilter::new()
        .tools_list_changed(true)
        .prompts_list_changed(true)
        .resources_list_changed(true)
        .resource_subscriptions(["counter://visits".to_owned()]);
    let mut changes = client.subscribe(filter).await?;

    client.call_tool("visit", &()).await?;
    handle.resource_updated("counter://visits");
    grow(&handle)?;
    let mut found = Vec::new();
    while found.len() < 4
        && let Some(event) = changes.next().await
    {
        found.push(describe(&client, event).await?);
    }
    found.sort();
    Ok(found)
}

/// Subscribes to resources by request, as clients up to 2025-11-25 do, and unsubscribes from one.
/// Returns the first change that the client hears of before, and after.
async fn subscribe_by_request() -> Result<[String; 2], Box<dyn std::error::Error>> {
    let (server, handle) = server()?;
    grow(&handle)?;
    let client = Client::builder().revision(Revision::V2025_11_25).connect_memory(&server).await?;
    let mut events = client.notifications();
    client.subscribe_resource("counter://visits").await?;
    client.subscribe_resource("text://motto").await?;
    handle.resource_updated("counter://visits");
    let event = events.next().await.ok_or("the connection ended")?;
    let before = describe(&client, event).await?;

    client.unsubscribe_resource("counter://visits").await?;
    handle.resource_updated("counter://visits"); // The client does not hear of it.
    handle.resource_updated("text://motto");
    let event = events.next().await.ok_or("the connection ended")?;
    Ok([before, describe(&client, event).await?])
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for change in follow().await? {
        println!("{change}");
    }
    for change in subscribe_by_request().await? {
        println!("{change}");
    }
    Ok(())
}

#[tokio::test]
async fn every_change_is_heard() -> Result<(), Box<dyn std::error::Error>> {
    let expected = ["2 prompts", "2 resources", "2 tools", "counter://visits is 1"];
    assert_eq!(follow().await?, expected);
    let expected = ["counter://visits is 0", "text://motto is Less is more."];
    assert_eq!(subscribe_by_request().await?, expected);
    Ok(())
}
