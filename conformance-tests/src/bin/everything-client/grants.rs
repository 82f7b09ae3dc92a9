//! Scenarios of the authorization extensions: tokens without a user, and tokens that are bound to a
//! key.

use mcp_client::oauth::{IdentityProvider, OAuth, RegisteredClient, Secret, SigningKey};
use serde::Deserialize;

use crate::authorization::{host, use_server};
use crate::failure::Failure;
use crate::scenario::Scenario;

/// A client with a secret.
pub(crate) async fn client_secret(scenario: &Scenario) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Context {
        client_id: String,
        client_secret: String,
    }

    let Context { client_id, client_secret } = scenario.context()?;
    // The suite does not name the authorization server, here and below.
    let client = RegisteredClient::new(client_id).secret(client_secret).issuer_from_server();
    use_server(scenario, OAuth::client_credentials(client).build()).await
}

/// A client with a private key.
pub(crate) async fn client_key(scenario: &Scenario) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Context {
        client_id: String,
        private_key_pem: String,
        signing_algorithm: String,
    }

    let Context { client_id, private_key_pem, signing_algorithm } = scenario.context()?;
    let key = SigningKey::from_pem(signing_algorithm.parse()?, &private_key_pem)?;
    let client = RegisteredClient::new(client_id).private_key(key);
    use_server(scenario, OAuth::client_credentials(client).build()).await
}

/// A user with an identity of the company's identity provider.
pub(crate) async fn enterprise_managed(scenario: &Scenario) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Context {
        client_id: String,
        client_secret: String,
        idp_client_id: String,
        idp_id_token: String,
        idp_issuer: String,
        idp_token_endpoint: String,
    }

    let context: Context = scenario.context()?;
    let id_token = Secret::new(context.idp_id_token);
    let at_provider = RegisteredClient::new(context.idp_client_id);
    let provider = IdentityProvider::new(context.idp_issuer, at_provider, id_token)
        .token_endpoint(context.idp_token_endpoint);
    let client =
        RegisteredClient::new(context.client_id).secret(context.client_secret).issuer_from_server();
    use_server(scenario, OAuth::enterprise_managed(client, provider).build()).await
}

/// A workload with an identity token of its platform.
pub(crate) async fn workload_identity(scenario: &Scenario) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Context {
        client_id: String,
        valid_jwt: String,
    }

    let Context { client_id, valid_jwt } = scenario.context()?;
    let client = RegisteredClient::new(client_id).issuer_from_server();
    use_server(scenario, OAuth::workload_identity(client, Secret::new(valid_jwt)).build()).await
}

/// A user logs in, and the tokens are bound to a key.
pub(crate) async fn dpop(scenario: &Scenario) -> Result<(), Failure> {
    use_server(scenario, host().dpop(SigningKey::generate()?).build()).await
}
