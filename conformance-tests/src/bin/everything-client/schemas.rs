//! Scenarios of the schemas of tools.

use serde_json::json;

use crate::failure::Failure;
use crate::scenario::Scenario;

/// A schema that refers to another server, which is nobody's to fetch.
pub(crate) async fn references(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    client.list_tools().await?;
    client.close().await;
    Ok(())
}

/// A schema comes through as the server wrote it.
pub(crate) async fn preservation(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    let tools = client.list_tools().await?;
    let tool = tools.iter().find(|tool| tool.name == "json_schema_2020_12_tool");
    let schema = &tool.ok_or("the tool json_schema_2020_12_tool is not listed")?.input_schema;
    client.call_tool("json_schema_echo", &json!({ "schema": schema })).await?.into_result()?;
    client.close().await;
    Ok(())
}
