//! Scenarios of plain calls.

use mcp_client::KnownServer;
use serde_json::json;

use crate::scenario::{Failure, Scenario};

/// The handshake, and what a host does next.
pub(crate) async fn initialize(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    client.list_tools().await?;
    client.close().await;
    Ok(())
}

/// One tool is listed and called.
pub(crate) async fn tools_call(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    let tools = client.list_tools().await?;
    if !tools.iter().any(|tool| tool.name == "add_numbers") {
        return Err("the tool add_numbers is not listed".into());
    }
    client.call("add_numbers", &json!({ "a": 5, "b": 3 })).await?.into_result()?;
    client.close().await;
    Ok(())
}

/// The server closes the stream before it answers, and is older than the run.
pub(crate) async fn reconnection(scenario: &Scenario) -> Result<(), Failure> {
    let known = KnownServer::new(scenario.revision());
    let client = scenario.unpinned().known_server(known).connect_http(scenario.url()).await?;
    client.list_tools().await?;
    client.call("test_reconnection", &json!({})).await?.into_result()?;
    client.close().await;
    Ok(())
}

/// Every request says who asks and what it can do. The server refuses the first one for its revision, as a server
/// may that is one of many, so that nothing is pinned here.
pub(crate) async fn request_metadata(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.unpinned().connect_http(scenario.url()).await?;
    if client.revision() != scenario.revision() {
        return Err(format!("the client speaks {}", client.revision()).into());
    }
    client.list_tools().await?;
    client.close().await;
    Ok(())
}
