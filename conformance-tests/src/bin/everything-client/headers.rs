//! Scenarios of the header fields that mirror a request.

use mcp_client::json::JsonObject;
use serde::Deserialize;
use serde_json::json;

use crate::failure::Failure;
use crate::scenario::Scenario;

/// Every kind of request, and so every header field of the specification.
pub(crate) async fn standard(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    for tool in client.list_tools().await? {
        client.call_tool(&tool.name, &json!({})).await?.into_result()?;
    }
    for resource in client.list_resources().await? {
        client.read_resource(&resource.uri).await?;
    }
    for prompt in client.list_prompts().await? {
        client.get_prompt(&prompt.name, &json!({})).await?;
    }
    client.close().await;
    Ok(())
}

/// The calls that the suite tells, whose arguments are mirrored.
pub(crate) async fn custom(scenario: &Scenario) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Context {
        #[serde(rename = "toolCalls")]
        calls: Vec<ToolCall>,
    }

    #[derive(Deserialize)]
    struct ToolCall {
        name: String,
        arguments: JsonObject,
    }

    let Context { calls } = scenario.context()?;
    let client = scenario.connect().await?;
    client.list_tools().await?;
    for ToolCall { name, arguments } in calls {
        client.call_tool(&name, &arguments).await?.into_result()?;
    }
    client.close().await;
    Ok(())
}

/// Only those tools are there whose schemas say rightly what is mirrored.
pub(crate) async fn invalid_tools(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    for tool in client.list_tools().await? {
        client.call_tool(&tool.name, &json!({ "region": "eu-west" })).await?.into_result()?;
    }
    client.close().await;
    Ok(())
}
