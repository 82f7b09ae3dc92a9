//! Scenarios of the extension `io.modelcontextprotocol/skills`.

use mcp_client::ErrorKind;

use crate::failure::Failure;
use crate::scenario::Scenario;

/// Listing skills must not read their files.
pub(crate) async fn list(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    if client.list_skills().await?.is_empty() {
        return Err("no skills are listed".into());
    }
    client.close().await;
    Ok(())
}

/// A skill whose files do not match the list must be rejected.
pub(crate) async fn refuse(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    for skill in client.list_skills().await? {
        match client.load_skill(&skill).await {
            Ok(_) => {
                return Err(format!(
                    "{} was loaded although it does not match the list",
                    skill.uri
                )
                .into());
            }
            Err(error) if error.kind() == ErrorKind::Mismatch => {}
            Err(error) => return Err(error.into()),
        }
    }
    client.close().await;
    Ok(())
}
