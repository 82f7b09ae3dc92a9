//! Scenarios of the extension `io.modelcontextprotocol/skills`.

use mcp_client::ErrorKind;

use crate::failure::Failure;
use crate::scenario::Scenario;

/// Skills are listed, and nothing of them is read before it is wanted.
pub(crate) async fn list(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    if client.list_skills().await?.is_empty() {
        return Err("no skills are listed".into());
    }
    client.close().await;
    Ok(())
}

/// A skill that is not what the server listed, and so is not used.
pub(crate) async fn refuse(scenario: &Scenario) -> Result<(), Failure> {
    let client = scenario.connect().await?;
    for skill in client.list_skills().await? {
        match client.load_skill(&skill).await {
            Ok(_) => return Err(format!("{} is another one than was listed", skill.uri).into()),
            Err(error) if error.kind() == ErrorKind::Mismatch => {}
            Err(error) => return Err(error.into()),
        }
    }
    client.close().await;
    Ok(())
}
