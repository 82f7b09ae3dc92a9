//! Scenarios in which a user logs in.

use std::time::Duration;

use mcp_client::oauth::{AuthorizationCode, OAuth, OAuthBuilder, RegisteredClient};
use mcp_client::{Client, ErrorKind};
use serde::Deserialize;
use tokio::time::sleep;

use crate::answers::arguments;
use crate::browser::{self, REDIRECT_URI};
use crate::failure::{Failure, chain};
use crate::scenario::Scenario;

/// The URL of this client's metadata document. The suite knows it, and nothing fetches it.
const CLIENT_METADATA: &str = "https://conformance-test.local/client-metadata.json";

/// Time after which the tokens of the refresh scenarios have expired. They are valid for 2 s.
const EXPIRED: Duration = Duration::from_secs(3);

/// Creates an authorizer that discovers everything but the metadata of this client.
pub(crate) fn host() -> OAuthBuilder<AuthorizationCode> {
    host_without_a_document().client_metadata_url(CLIENT_METADATA)
}

fn host_without_a_document() -> OAuthBuilder<AuthorizationCode> {
    OAuth::authorization_code()
        .client_name("everything-client")
        .redirect(REDIRECT_URI, browser::log_in)
}

/// Connects with an authorizer, lists the tools and calls each, twice.
pub(crate) async fn use_server(scenario: &Scenario, oauth: OAuth) -> Result<(), Failure> {
    let client = scenario.client().authorizer(oauth).connect_http(scenario.url()).await?;
    let outcome = list_and_call(&client).await;
    client.close().await;
    Ok(outcome?)
}

async fn list_and_call(client: &Client) -> Result<(), mcp_client::Error> {
    // Twice: the token may have expired before the second call.
    for _ in 0..2 {
        list_and_call_once(client).await?;
    }
    Ok(())
}

async fn list_and_call_once(client: &Client) -> Result<(), mcp_client::Error> {
    for tool in client.list_tools().fresh().await? {
        client.call_tool(&tool.name, &arguments(&tool)).await?.into_result()?;
    }
    Ok(())
}

/// The token expires, twice.
pub(crate) async fn refreshed(scenario: &Scenario) -> Result<(), Failure> {
    let authorizer = host().build();
    let client = scenario.client().authorizer(authorizer).connect_http(scenario.url()).await?;
    list_and_call_once(&client).await?;
    for _ in 0..2 {
        sleep(EXPIRED).await;
        list_and_call_once(&client).await?;
    }
    client.close().await;
    Ok(())
}

/// The user logs in, and the refused request succeeds.
pub(crate) async fn granted(scenario: &Scenario) -> Result<(), Failure> {
    use_server(scenario, host().build()).await
}

/// An unknown scenario, so a tool that returns an error does not fail it.
pub(crate) async fn unknown(scenario: &Scenario) -> Result<(), Failure> {
    let authorizer = host().build();
    let client = scenario.client().authorizer(authorizer).connect_http(scenario.url()).await?;
    for tool in client.list_tools().await? {
        let reply = client.call_tool(&tool.name, &arguments(&tool)).await?;
        if let Err(error) = reply.into_result() {
            eprintln!("the tool {:?} failed: {}", tool.name, chain(&error));
        }
    }
    client.close().await;
    Ok(())
}

/// As [`granted`], for a client without a metadata document, which has to register: the suite
/// checks the registration.
pub(crate) async fn without_a_document(scenario: &Scenario) -> Result<(), Failure> {
    use_server(scenario, host_without_a_document().build()).await
}

/// The metadata or the answers of the authorization are invalid, so the client must not send a
/// token.
pub(crate) async fn refused(scenario: &Scenario) -> Result<(), Failure> {
    match use_server(scenario, host().build()).await {
        Ok(()) => Err("the client was authorized, which it must refuse".into()),
        Err(failure) => match failure.downcast_ref::<mcp_client::Error>() {
            Some(error) if error.kind() == ErrorKind::Unauthorized => {
                eprintln!("refused as expected: {}", chain(error));
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
    // The suite does not name the authorization server.
    let client = RegisteredClient::new(client_id).secret(client_secret).issuer_from_server();
    use_server(scenario, host().client(client).build()).await
}
