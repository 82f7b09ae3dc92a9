//! Where an authorizer begins: with its grant.

use super::oauth_builder::OAuthBuilder;
use crate::oauth::authorizer::OAuth;
use crate::oauth::client::RegisteredClient;
use crate::oauth::grant::{
    AssertionSource, AuthorizationCode, ClientCredentials, EnterpriseManaged, IdentityProvider,
    WorkloadIdentity,
};
use crate::oauth::login::{Loopback, Open, Redirection};

/// Where an authorizer begins: with its grant.
impl OAuth {
    /// A user logs in with a browser: for desktop programs, command lines and web applications.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::Client;
    /// use mcp_client::oauth::OAuth;
    ///
    /// // The browser opens when the server wants to know who the user is.
    /// let oauth = OAuth::authorization_code().client_name("Notes").build();
    /// let builder = Client::builder().authorizer(oauth);
    /// let client = builder.connect_http("https://mcp.example.com/mcp").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn authorization_code() -> OAuthBuilder<AuthorizationCode> {
        OAuthBuilder::new(AuthorizationCode::new(Redirection::Loopback {
            loopback: Loopback::new(),
            open: Open::System,
        }))
    }

    /// A program acts for itself, without a user: with the secret of its client, or better with its
    /// key.
    ///
    /// ```
    /// # fn example(pem: &str) -> Result<(), mcp_client::oauth::Error> {
    /// use mcp_client::oauth::{OAuth, RegisteredClient, SigningAlgorithm, SigningKey};
    ///
    /// let key = SigningKey::from_pem(SigningAlgorithm::Es256, pem)?;
    /// let client = RegisteredClient::new("nightly-report")
    ///     .private_key(key)
    ///     .issuer("https://login.example.com");
    /// let oauth = OAuth::client_credentials(client).scopes(["reports:read"]).build();
    /// # Ok(())
    /// # }
    /// ```
    pub fn client_credentials(client: RegisteredClient) -> OAuthBuilder<ClientCredentials> {
        OAuthBuilder::new(ClientCredentials::new(client))
    }

    /// A program acts for itself with the token that its platform gives it (Kubernetes, a cloud, a
    /// build service), so that there is no secret to keep. The source is asked each time that a
    /// token is needed.
    ///
    /// The client needs its [issuer](RegisteredClient::issuer): the platform's token goes there.
    ///
    /// ```
    /// use mcp_client::http::BoxError;
    /// use mcp_client::oauth::{AssertionRequest, OAuth, RegisteredClient, Secret};
    ///
    /// let platform = |_: AssertionRequest| async {
    ///     // A projected token, whose audience is the authorization server.
    ///     let path = "/var/run/secrets/tokens/mcp";
    ///     Ok::<_, BoxError>(Secret::from(std::fs::read_to_string(path)?.trim().to_owned()))
    /// };
    /// let client = RegisteredClient::new("indexer").issuer("https://login.example.com");
    /// let oauth = OAuth::workload_identity(client, platform).build();
    /// ```
    pub fn workload_identity(
        client: RegisteredClient,
        platform: impl AssertionSource,
    ) -> OAuthBuilder<WorkloadIdentity> {
        OAuthBuilder::new(WorkloadIdentity::new(client, platform))
    }

    /// A user of a company whose identity provider decides which MCP servers may be used, so that
    /// users do not log in to each. The client is the one that the MCP server's authorization
    /// server knows; the identity provider knows another one.
    ///
    /// ```
    /// use mcp_client::oauth::{IdentityProvider, OAuth, RegisteredClient, Secret};
    ///
    /// # let id_token = Secret::new("");
    /// let at_company = RegisteredClient::new("desktop");
    /// let provider =
    ///     IdentityProvider::new("https://login.company.example", at_company, id_token);
    /// let client = RegisteredClient::new("company-desktop")
    ///     .secret(Secret::new("s3cret"))
    ///     .issuer("https://login.example.com");
    /// let oauth = OAuth::enterprise_managed(client, provider).build();
    /// ```
    pub fn enterprise_managed(
        client: RegisteredClient,
        provider: IdentityProvider,
    ) -> OAuthBuilder<EnterpriseManaged> {
        OAuthBuilder::new(EnterpriseManaged::new(client, provider))
    }
}
