//! Scenarios in which a user logs in.

use mcp_client::oauth::{AuthorizationCode, OAuth, OAuthBuilder, RegisteredClient};
use mcp_client::{Client, ErrorKind};
use serde::Deserialize;
use serde_json::json;

use crate::browser::{self, REDIRECT_URI};
use crate::scenario::{Failure, Scenario};

/// Where the document of this client would be, of which the suite knows.
const CLIENT_METADATA: &str = "https://conformance-test.local/client-metadata.json";

/// What a host says about itself, and no more: everything else is found out.
pub(crate) fn host() -> OAuthBuilder<AuthorizationCode> {
    host_without_a_document().client_metadata_url(CLIENT_METADATA)
}

fn host_without_a_document() -> OAuthBuilder<AuthorizationCode> {
    OAuth::authorization_code()
        .client_name("everything-client")
        .redirect(REDIRECT_URI, browser::log_in)
}

/// Connects with an authorizer, and lists and calls.
pub(crate) async fn use_server(scenario: &Scenario, oauth: OAuth) -> Result<(), Failure> {
    let client = scenario.client().authorizer(oauth).connect_http(scenario.url()).await?;
    let outcome = list_and_call(&client).await;
    client.close().await;
    Ok(outcome?)
}

async fn list_and_call(client: &Client) -> Result<(), mcp_client::Error> {
    // Twice: the token may not be good for the second call any more.
    for _ in 0..2 {
        for tool in client.list_tools().fresh().await? {
            client.call_tool(&tool.name, &json!({})).await?.into_result()?;
        }
    }
    Ok(())
}

/// The user logs in, and what was refused is done.
pub(crate) async fn granted(scenario: &Scenario) -> Result<(), Failure> {
    use_server(scenario, host().build()).await
}

/// As [`granted`], for a client that registers where it could show a document: the suite has a look
/// at the registration, and cannot have one at the document.
pub(crate) async fn without_a_document(scenario: &Scenario) -> Result<(), Failure> {
    use_server(scenario, host_without_a_document().build()).await
}

/// The server, or the authorization server, is not to be trusted: there is no authorization.
pub(crate) async fn refused(scenario: &Scenario) -> Result<(), Failure> {
    match use_server(scenario, host().build()).await {
        Ok(()) => Err("there must be no authorization".into()),
        Err(failure) => match failure.downcast_ref::<mcp_client::Error>() {
            Some(error) if error.kind() == ErrorKind::Unauthorized => {
                eprintln!("refused as it should be: {}", crate::chain(error));
                Ok(())
            }
            _ => Err(failure),
        },
    }
}

/// The client was registered beforehand.
pub(crate) async fn registered(scenario: &Scenario) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Context {
        client_id: String,
        client_secret: String,
    }

    let Context { client_id, client_secret } = scenario.context()?;
    let client = RegisteredClient::new(client_id).secret(client_secret);
    use_server(scenario, host().client(client).build()).await
}
