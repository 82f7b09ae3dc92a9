//! Enterprise-managed authorization: the company's identity provider decides which of its users may use which server.
//! Spec: the authorization extension enterprise-managed authorization; RFC 8693; RFC 7523 §2.1.
//!
//! ```text
//! id token of the user ── exchange, for the MCP server's authorization server ─▶ identity provider
//!                                                                 ─▶ ID-JAG, a statement for that server alone
//! ID-JAG ── jwt-bearer ─▶ authorization server ─▶ access token
//! ```

use std::fmt;
use std::sync::Arc;

use mcp_core::service::BoxFuture;

use super::assertion::{AssertionRequest, AssertionSource, ask};
use super::authorizer::OAuth;
use super::builder::OAuthBuilder;
use super::client_authentication::Client;
use super::discovery::{self, Discovered};
use super::environment::Environment;
use super::error::{Error, ErrorKind, printable};
use super::form::Form;
use super::grant::Grant;
use super::jwt_bearer::redeem;
use super::registration::RegisteredClient;
use super::secret::Secret;
use super::token::Token;
use super::token_endpoint::{self, TokenEndpoint};

const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";
const ID_JAG_PROFILE: &str = "urn:ietf:params:oauth:grant-profile:id-jag";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// The identity provider of a company, and the client that its users log in to there.
///
/// ```
/// use mcp_client::oauth::{IdentityProvider, RegisteredClient, Secret};
///
/// let client = RegisteredClient::new("desktop").secret(Secret::new("s3cret"));
/// let provider = IdentityProvider::new("https://login.company.example", client, Secret::new("eyJ…"));
/// # let _ = provider;
/// ```
#[derive(Clone)]
pub struct IdentityProvider {
    issuer: String,
    token_endpoint: Option<String>,
    client: RegisteredClient,
    subject: Arc<dyn AssertionSource>,
    subject_type: String,
}

impl IdentityProvider {
    /// A provider by its issuer, the client as which users log in there, and the source of their id tokens: a
    /// [`Secret`], or a function that gets one which has not expired.
    #[must_use]
    pub fn new(
        issuer: impl Into<String>,
        client: RegisteredClient,
        id_token: impl AssertionSource,
    ) -> Self {
        Self {
            issuer: issuer.into(),
            token_endpoint: None,
            client,
            subject: Arc::new(id_token),
            subject_type: ID_TOKEN.to_owned(),
        }
    }

    /// Its token endpoint. Default: what its metadata says.
    #[must_use]
    pub fn token_endpoint(mut self, url: impl Into<String>) -> Self {
        self.token_endpoint = Some(url.into());
        self
    }

    /// What the source gives, if it is no id token: a URN of RFC 8693, such as that of a refresh token where users log
    /// in by SAML.
    #[must_use]
    pub fn subject_token_type(mut self, urn: impl Into<String>) -> Self {
        self.subject_type = urn.into();
        self
    }

    /// The statement with which the MCP server's authorization server issues a token.
    async fn id_jag(
        &self,
        environment: &Environment,
        found: &Discovered,
        scope: Option<&str>,
    ) -> Result<Secret, Error> {
        if let Some(issuer) = self.client.issuer.as_ref().filter(|issuer| **issuer != self.issuer) {
            let message = format!(
                "the client {:?} is registered at {:?}, and not at the identity provider {:?}",
                printable(&self.client.id),
                printable(issuer),
                printable(&self.issuer)
            );
            return Err(Error::new(ErrorKind::Configuration, message));
        }
        let (url, methods) = match &self.token_endpoint {
            Some(url) => (url.clone(), None),
            None => {
                let metadata = discovery::named_server(&environment.fetch, &self.issuer).await?;
                let lacks = || {
                    let message = format!(
                        "the metadata of {} has no token_endpoint",
                        printable(&self.issuer)
                    );
                    Error::new(ErrorKind::InvalidMetadata, message)
                };
                (
                    metadata.token_endpoint.ok_or_else(lacks)?,
                    metadata.token_endpoint_auth_methods_supported,
                )
            }
        };
        let request = AssertionRequest {
            issuer: self.issuer.clone(),
            token_endpoint: url.clone(),
            resource: found.resource.clone(),
        };
        let subject = ask(&*self.subject, "id token", request).await?;
        let client = self.client.authenticated(methods.as_deref())?;
        let form = || {
            Form::new()
                .with("grant_type", TOKEN_EXCHANGE)
                .with("requested_token_type", ID_JAG)
                .with("audience", found.issuer())
                .with("resource", &found.resource)
                .with("subject_token", subject.expose())
                .with("subject_token_type", &self.subject_type)
                .with_some("scope", scope)
        };
        let endpoint = TokenEndpoint { issuer: &self.issuer, url: &url };
        let answer = token_endpoint::request(environment, endpoint, &client, form).await?;
        let (id_jag, _, issued_type) = answer.into_parts();
        // Anything else would be a token of the user's that is good elsewhere: it must not go to that server.
        if issued_type.as_deref() != Some(ID_JAG) {
            let message = format!(
                "{} issued {:?} where an ID-JAG was asked for",
                printable(&self.issuer),
                issued_type.as_deref().map(printable).unwrap_or_default()
            );
            return Err(Error::new(ErrorKind::InvalidMetadata, message));
        }
        Ok(id_jag)
    }
}

/// A company's identity provider decides. Made by [`OAuth::enterprise_managed`].
#[derive(Debug, Clone)]
pub struct EnterpriseManaged {
    client: RegisteredClient,
    provider: IdentityProvider,
}

impl OAuth {
    /// A user of a company, whose identity provider says which MCP servers may be used: nobody logs in to them. The
    /// client is the one that the MCP server's authorization server knows; the provider has its own.
    ///
    /// ```
    /// use mcp_client::oauth::{IdentityProvider, OAuth, RegisteredClient, Secret};
    ///
    /// # let id_token = Secret::new("");
    /// let at_company = RegisteredClient::new("desktop");
    /// let provider = IdentityProvider::new("https://login.company.example", at_company, id_token);
    /// let client = RegisteredClient::new("company-desktop").secret(Secret::new("s3cret"));
    /// let oauth = OAuth::enterprise_managed(client, provider).build();
    /// ```
    pub fn enterprise_managed(
        client: RegisteredClient,
        provider: IdentityProvider,
    ) -> OAuthBuilder<EnterpriseManaged> {
        OAuthBuilder::new(EnterpriseManaged { client, provider })
    }
}

impl OAuthBuilder<EnterpriseManaged> {
    /// The authorizer, for one connection.
    #[must_use]
    pub fn build(self) -> OAuth {
        self.build_with(|grant| grant)
    }
}

impl Grant for EnterpriseManaged {
    fn client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, Result<Option<Client>, Error>> {
        Box::pin(async move { self.client.at(environment, found).await.map(Some) })
    }

    fn token<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        scope: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(Client, Token), Error>> {
        Box::pin(async move {
            let client = self.client.at(environment, found).await?;
            // The user's id token need not leave for a server that says it can do nothing with what comes of it.
            found.token_endpoint()?;
            let profiles = found.server.authorization_grant_profiles_supported.as_deref();
            if profiles
                .is_some_and(|profiles| !profiles.iter().any(|profile| profile == ID_JAG_PROFILE))
            {
                let message = format!(
                    "{} does not know enterprise-managed authorization (authorization_grant_profiles_supported)",
                    printable(found.issuer())
                );
                return Err(Error::new(ErrorKind::Configuration, message));
            }
            let id_jag = self.provider.id_jag(environment, found, scope).await?;
            let token = redeem(environment, found, &client, &id_jag, scope).await?;
            Ok((client, token))
        })
    }

    fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str> {
        self.client.select(issuers)
    }
}

impl fmt::Debug for IdentityProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityProvider")
            .field("issuer", &self.issuer)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
