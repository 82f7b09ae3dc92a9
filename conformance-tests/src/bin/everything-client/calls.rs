//! Scenarios of plain calls, sessions and streams.

use mcp_client::extension::ClientExtension;
use mcp_client::types::SubscriptionFilter;
use serde_json::json;

use crate::answers::arguments;
use crate::failure::Failure;
use crate::scenario::Scenario;

/// The handshake and a first list.
pub(crate) async fn initialize(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    client.list_tools().await?;
    client.close().await;
    Ok(())
}

/// A tool that is listed and called.
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
    let settings = json!({ "nested": { "enabled": true } });
    let client = scenario
        .client()
        .extension(ClientExtension::declared("com.example/conformance", settings))
        .extension(ClientExtension::declared("com.example/empty", json!({})))
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
    // The suite takes the first GET after the call as the reconnection, so the stream of the
    // session must be open before.
    let changes = client.subscribe(SubscriptionFilter::new().tools_list_changed(true)).await?;
    client.list_tools().await?;
    client.call_tool("test_reconnection", &json!({})).await?.into_result()?;
    drop(changes);
    client.close().await;
    Ok(())
}

/// Every request carries the client's name and capabilities. The server refuses the revision of the
/// first request, which an instance of an older release could do.
pub(crate) async fn request_metadata(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    client.list_tools().await?;
    client.close().await;
    Ok(())
}
