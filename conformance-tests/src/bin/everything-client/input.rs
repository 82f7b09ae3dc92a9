//! Scenarios in which the server asks the user.

use mcp_client::json::JsonObject;
use mcp_client::types::{ElicitSchema, PrimitiveSchema};
use serde_json::json;

use crate::scenario::{Failure, Scenario};

/// What a user fills in who agrees to everything: the defaults, and a yes to each question.
pub(crate) fn filled_in(form: &ElicitSchema) -> JsonObject {
    let mut content = form.defaults();
    for (name, field) in form.properties.iter() {
        if matches!(field, PrimitiveSchema::Boolean(_)) && !content.contains_key(name) {
            content.insert(name.to_owned(), true.into());
        }
    }
    content
}

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
