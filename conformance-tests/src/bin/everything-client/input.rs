//! Scenarios in which the server asks the user.

use serde_json::json;

use crate::failure::Failure;
use crate::scenario::Scenario;

/// A form whose fields all have a default.
pub(crate) async fn form_defaults(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    client.list_tools().await?;
    client.call_tool("test_client_elicitation_defaults", &json!({})).await?.into_result()?;
    client.close().await;
    Ok(())
}

/// Tools that ask by a result, each in another way, and one that does not ask.
pub(crate) async fn rounds(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    client.list_tools().await?;
    for tool in [
        "test_mrtr_echo_state",
        "test_mrtr_no_state",
        "test_mrtr_unrelated",
        "test_mrtr_no_result_type",
    ] {
        client.call_tool(tool, &json!({})).await?.into_result()?;
    }
    client.close().await;
    Ok(())
}
