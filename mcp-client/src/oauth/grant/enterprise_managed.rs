//! Enterprise-managed authorization: a company's identity provider decides which of its users may
//! use which server. Spec: the authorization extension enterprise-managed authorization; RFC 8693;
//! RFC 7523 §2.1.
//!
//! ```text
//! ID token of the user ── token exchange ─▶ identity provider
//!     ─▶ ID-JAG, a statement for the MCP server's authorization server alone
//! ID-JAG ── jwt-bearer ─▶ authorization server ─▶ access token
//! ```

use std::fmt;
use std::sync::Arc;

use mcp_core::fetch::{Form, Secret};
use mcp_core::service::BoxFuture;
use mcp_core::text::PeerText;

use super::assertion_source::{AssertionRequest, AssertionSource, obtain_assertion};
use super::jwt_bearer::redeem;
use super::non_interactive::{NonInteractiveGrant, TokenRequest};
use crate::http::ShownUrl;
use crate::oauth::client::RegisteredClient;
use crate::oauth::discovery::{Discovered, TokenEndpoint, named_server};
use crate::oauth::environment::Environment;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::token::{AccessToken, request_token};

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
/// let id_token = Secret::new("eyJ…");
/// let provider = IdentityProvider::new("https://login.company.example", client, id_token);
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
    /// A provider by its issuer, the client as which users log in there, and the source of their ID
    /// tokens: a [`Secret`], or a function that gets one which has not expired.
    ///
    /// ```
    /// use mcp_client::http::BoxError;
    /// use mcp_client::oauth::{AssertionRequest, IdentityProvider, RegisteredClient, Secret};
    ///
    /// # async fn id_token() -> Result<Secret, BoxError> { Ok(Secret::new("")) }
    /// // Asked again whenever the ID token is needed, since it expires soon.
    /// let provider = IdentityProvider::new(
    ///     "https://login.company.example",
    ///     RegisteredClient::new("desktop"),
    ///     |_: AssertionRequest| async { id_token().await },
    /// );
    /// ```
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

    /// Its token endpoint. Default: the one in its metadata.
    ///
    /// ```
    /// use mcp_client::oauth::{IdentityProvider, RegisteredClient, Secret};
    ///
    /// # let id_token = Secret::new("");
    /// let client = RegisteredClient::new("desktop");
    /// let provider = IdentityProvider::new("https://login.company.example", client, id_token)
    ///     .token_endpoint("https://login.company.example/exchange"); // It publishes no metadata.
    /// ```
    #[must_use]
    pub fn token_endpoint(mut self, url: impl Into<String>) -> Self {
        self.token_endpoint = Some(url.into());
        self
    }

    /// What the source provides, if it is not an ID token: a URN of RFC 8693, such as that of a
    /// refresh token where users log in with SAML.
    ///
    /// ```
    /// use mcp_client::oauth::{IdentityProvider, RegisteredClient, Secret};
    ///
    /// # let refresh_token = Secret::new("");
    /// let client = RegisteredClient::new("desktop");
    /// let provider = IdentityProvider::new("https://login.company.example", client, refresh_token)
    ///     .subject_token_type("urn:ietf:params:oauth:token-type:refresh_token");
    /// ```
    #[must_use]
    pub fn subject_token_type(mut self, urn: impl Into<String>) -> Self {
        self.subject_type = urn.into();
        self
    }

    /// The statement for which the MCP server's authorization server issues a token.
    async fn id_jag(
        &self,
        environment: &Environment,
        found: &Discovered,
        scope: Option<&str>,
    ) -> Result<Secret, Error> {
        self.client.at_issuer(&self.issuer, None)?;
        let (url, methods) = self.endpoint(environment).await?;
        let request = AssertionRequest {
            issuer: self.issuer.clone(),
            token_endpoint: url.clone(),
            resource: found.resource.clone(),
        };
        let limit = environment.limits.assertion_timeout;
        let subject = obtain_assertion(&*self.subject, "ID token", request, limit).await?;
        let client = self.client.at_issuer(&self.issuer, methods.as_deref())?;
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
        let answer = request_token(environment, endpoint, &client, form).await?;
        let (id_jag, issued_type) = answer.into_exchanged();
        // Anything else is a token of the user that is valid elsewhere: it must not be sent on.
        if issued_type.as_deref() != Some(ID_JAG) {
            let message = format!(
                "{} issued {:?} where an ID-JAG was requested",
                ShownUrl(&self.issuer),
                PeerText::new(issued_type.as_deref().unwrap_or_default()).to_string()
            );
            return Err(Error::new(ErrorKind::InvalidMetadata, message));
        }
        Ok(id_jag)
    }

    /// Its token endpoint, and the authentication methods that it lists.
    async fn endpoint(
        &self,
        environment: &Environment,
    ) -> Result<(String, Option<Vec<String>>), Error> {
        if let Some(url) = &self.token_endpoint {
            return Ok((url.clone(), None));
        }
        let metadata = named_server(&environment.fetcher, &self.issuer).await?;
        let methods = metadata.token_endpoint_auth_methods_supported;
        metadata.token_endpoint.map(|url| (url, methods)).ok_or_else(|| {
            let issuer = ShownUrl(&self.issuer);
            let message = format!("the metadata of {issuer} has no token_endpoint");
            Error::new(ErrorKind::InvalidMetadata, message)
        })
    }
}

/// A company's identity provider decides. Made by
/// [`OAuth::enterprise_managed`](crate::oauth::OAuth::enterprise_managed).
///
/// ```
/// use mcp_client::oauth::{IdentityProvider, OAuth, RegisteredClient, Secret};
///
/// # let id_token = Secret::new("");
/// let at_company = RegisteredClient::new("desktop");
/// let provider = IdentityProvider::new("https://login.company.example", at_company, id_token);
/// let client = RegisteredClient::new("company-desktop").issuer("https://login.example.com");
/// let oauth = OAuth::enterprise_managed(client, provider).scopes(["notes:read"]).build();
/// ```
#[derive(Debug, Clone)]
pub struct EnterpriseManaged {
    client: RegisteredClient,
    provider: IdentityProvider,
}

impl EnterpriseManaged {
    pub(crate) fn new(client: RegisteredClient, provider: IdentityProvider) -> Self {
        Self { client, provider }
    }
}

impl NonInteractiveGrant for EnterpriseManaged {
    fn registered(&self) -> &RegisteredClient {
        &self.client
    }

    fn request<'a>(
        &'a self,
        request: TokenRequest<'a>,
    ) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let TokenRequest { environment, found, scope, .. } = request;
            // The user's ID token is not used for a server that cannot redeem what comes of it.
            found.token_endpoint()?;
            let profiles = found.server.authorization_grant_profiles_supported.as_deref();
            if profiles
                .is_some_and(|profiles| !profiles.iter().any(|profile| profile == ID_JAG_PROFILE))
            {
                let message = format!(
                    "{} does not support enterprise-managed authorization \
                     (authorization_grant_profiles_supported)",
                    ShownUrl(found.issuer())
                );
                return Err(Error::new(ErrorKind::Configuration, message));
            }
            let id_jag = self.provider.id_jag(environment, found, scope).await?;
            redeem(&request, &id_jag).await
        })
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
