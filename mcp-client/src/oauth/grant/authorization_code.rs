//! The grant of a user who logs in. Spec: OAuth 2.1 §4.1; basic/authorization, "Authorization
//! Flow".
//!
//! ```text
//! redirect URI ready ─▶ client known or registered ─▶ user at the authorization endpoint
//!     ─▶ answer checked ─▶ code and verifier exchanged for a token
//! ```

use std::fmt;
use std::time::Duration;

use mcp_core::fetch::Form;
use mcp_core::oauth::ClientMetadata;
use mcp_core::service::BoxFuture;
use tokio::time::timeout;

use super::authorization_grant::AuthorizationGrant;
use crate::http::ShownUrl;
use crate::oauth::client::{Client, Registration};
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::login::{AuthorizationRequest, Redirection};
use crate::oauth::random::random_text;
use crate::oauth::token::{AccessToken, request_token};

/// A user logs in with a browser. Made by
/// [`OAuth::authorization_code`](crate::oauth::OAuth::authorization_code).
#[derive(Clone)]
pub struct AuthorizationCode {
    pub(crate) registration: Registration,
    pub(crate) redirection: Redirection,
    pub(crate) login_timeout: Duration,
    pub(crate) offline_access: bool,
}

impl AuthorizationCode {
    /// How long the user may take to log in, unless the application says otherwise.
    const LOGIN_TIMEOUT: Duration = Duration::from_secs(300);

    pub(crate) fn new(redirection: Redirection) -> Self {
        let metadata = ClientMetadata::new()
            .client_name("MCP client")
            .grant_types(["authorization_code".to_owned(), "refresh_token".to_owned()])
            .response_types(["code".to_owned()]);
        Self {
            registration: Registration {
                client: None,
                document: None,
                document_key: None,
                metadata,
            },
            redirection,
            login_timeout: Self::LOGIN_TIMEOUT,
            offline_access: true,
        }
    }

    async fn log_in(
        &self,
        environment: &Environment,
        found: &Discovered,
        scope: Option<&str>,
    ) -> Result<(Client, AccessToken), Error> {
        let registered = self.registration.redirect_uri(environment, found).await?;
        let redirection =
            self.redirection.prepare(registered.as_deref(), &environment.limits).await?;
        let redirect_uri = redirection.uri().to_owned();
        let client = self.registration.client(environment, found, &redirect_uri).await?;
        let request =
            AuthorizationRequest::new(environment, found, &client.id, &redirect_uri, scope)?;
        tracing::debug!(
            issuer = found.issuer(),
            resource = %ShownUrl(&found.resource),
            scope,
            "the user is asked to log in"
        );
        let Ok(answer) = timeout(self.login_timeout, redirection.answer(&request)).await else {
            // An authorization server that does not know the client shows that to the user alone.
            self.registration.forget(environment, found).await?;
            let message = format!(
                "the user did not return from {} within {:?} (`OAuthBuilder::login_timeout`)",
                ShownUrl(found.issuer()),
                self.login_timeout
            );
            return Err(Error::new(ErrorKind::TimedOut, message));
        };
        let code = request.code(&answer?)?;
        let form = || {
            Form::new()
                .with("grant_type", "authorization_code")
                .with("code", code.expose())
                .with("redirect_uri", &redirect_uri)
                .with("code_verifier", request.verifier().expose())
                .with("resource", &found.resource)
        };
        let issued = environment.now();
        let answer = request_token(environment, found.token_endpoint()?, &client, form).await?;
        Ok((client, answer.into_token(scope, issued, random_text::<16>()?)?))
    }
}

impl AuthorizationGrant for AuthorizationCode {
    fn client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, Result<Option<Client>, Error>> {
        Box::pin(self.registration.known(environment, found))
    }

    fn token<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        scope: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(Client, AccessToken), Error>> {
        Box::pin(async move {
            let result = self.log_in(environment, found, scope).await;
            if result.as_ref().is_err_and(Error::is_unknown_client) {
                self.registration.forget(environment, found).await?;
            }
            result
        })
    }

    fn forget_client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        Box::pin(self.registration.forget(environment, found))
    }

    fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str> {
        match &self.registration.client {
            Some(client) => client.select(issuers),
            None => issuers.first().map(String::as_str),
        }
    }

    fn is_interactive(&self) -> bool {
        true
    }

    fn wants_offline_access(&self) -> bool {
        self.offline_access
    }
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthorizationCode")
            .field("registration", &self.registration)
            .field("login_timeout", &self.login_timeout)
            .finish_non_exhaustive()
    }
}
