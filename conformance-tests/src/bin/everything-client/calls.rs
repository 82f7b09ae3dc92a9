//! Scenarios of plain calls.

use mcp_client::json::JsonObject;
use mcp_client::types::SubscriptionFilter;
use serde_json::json;

use crate::answers::arguments;
use crate::failure::Failure;
use crate::scenario::Scenario;

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
    client.call_tool("add_numbers", &json!({ "a": 5, "b": 3 })).await?.into_result()?;
    client.close().await;
    Ok(())
}

/// The server forgets the session after the first request in it.
pub(crate) async fn session_renegotiation(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    for _ in 0..2 {
        client.list_tools().fresh().await?;
    }
    client.close().await;
    Ok(())
}

/// Extensions are declared in the handshake, by both sides.
pub(crate) async fn extensions(scenario: &Scenario) -> Result<(), Failure> {
    let settings = JsonObject::from_iter([("nested".to_owned(), json!({ "enabled": true }))]);
    let client = scenario
        .client()
        .extension("com.example/conformance", settings)
        .extension("com.example/empty", JsonObject::new())
        .connect_http(scenario.url())
        .await?;
    for tool in client.list_tools().await? {
        client.call_tool(&tool.name, &arguments(&tool)).await?.into_result()?;
    }
    client.close().await;
    Ok(())
}

/// The server closes the stream of a call before it answers.
pub(crate) async fn reconnection(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    // The suite takes the first GET after the call for the one that comes back, so that the stream
    // of the session has to be open before.
    let changes = client.subscribe(SubscriptionFilter::new().tools_list_changed(true)).await?;
    client.list_tools().await?;
    client.call_tool("test_reconnection", &json!({})).await?.into_result()?;
    drop(changes);
    client.close().await;
    Ok(())
}

/// Every request says who asks and what it can do. The server refuses the first one for its
/// revision, as one of a fleet may.
pub(crate) async fn request_metadata(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    client.list_tools().await?;
    client.close().await;
    Ok(())
}
