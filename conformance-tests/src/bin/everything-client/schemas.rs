//! Scenarios of tool schemas.

use serde_json::json;

use crate::failure::Failure;
use crate::scenario::Scenario;

/// A schema with a reference to another server, which the client must not fetch.
pub(crate) async fn references(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    client.list_tools().await?;
    client.close().await;
    Ok(())
}

/// A schema reaches the host unchanged.
pub(crate) async fn preservation(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    let tools = client.list_tools().await?;
    let tool = tools.iter().find(|tool| tool.name == "json_schema_2020_12_tool");
    let schema = &tool.ok_or("the tool json_schema_2020_12_tool is not listed")?.input_schema;
    client.call_tool("json_schema_echo", &json!({ "schema": schema })).await?.into_result()?;
    client.close().await;
    Ok(())
}
