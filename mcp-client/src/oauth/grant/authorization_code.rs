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
use super::interactive::InteractiveGrant;
use crate::http::ShownUrl;
use crate::oauth::client::{Client, Registration};
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::login::{AuthorizationRequest, BegunLogin, Redirection};
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
        interrupted: BoxFuture<'_, Error>,
    ) -> Result<(Client, AccessToken), Error> {
        let registered = self.registration.redirect_uri(environment, found).await?;
        let redirection = self
            .redirection
            .prepare(registered.as_deref(), &environment.limits)
            .await
            .map_err(|error| error.with_scope(scope))?;
        let login = self.begin(environment, found, redirection.uri(), scope).await?;
        let waited = tokio::select! {
            biased; // No browser is opened for a user who is not waited for.
            error = interrupted => return Err(error),
            waited = timeout(self.login_timeout, redirection.answer(&login.request)) => waited,
        };
        let Ok(answer) = waited else {
            // An authorization server that does not know the client shows that to the user alone.
            self.registration.forget_shared(environment, found).await;
            let message = format!(
                "the user did not return from {} within {:?} (`OAuthBuilder::login_timeout`)",
                ShownUrl(found.issuer()),
                self.login_timeout
            );
            return Err(Error::new(ErrorKind::TimedOut, message));
        };
        let token = self.finish(environment, found, &login, &answer?).await?;
        Ok((login.client, token))
    }

    async fn begin(
        &self,
        environment: &Environment,
        found: &Discovered,
        redirect_uri: &str,
        scope: Option<&str>,
    ) -> Result<BegunLogin, Error> {
        let client = self.registration.client(environment, found, redirect_uri).await?;
        let request =
            AuthorizationRequest::new(environment, found, &client.id, redirect_uri, scope)?;
        tracing::debug!(
            issuer = found.issuer(),
            resource = %ShownUrl(&found.resource),
            scope,
            "the user is asked to log in"
        );
        let (redirect_uri, scope) = (redirect_uri.to_owned(), scope.map(str::to_owned));
        Ok(BegunLogin { client, redirect_uri, request, scope, patience: self.login_timeout })
    }

    async fn finish(
        &self,
        environment: &Environment,
        found: &Discovered,
        login: &BegunLogin,
        query: &str,
    ) -> Result<AccessToken, Error> {
        let code = login.request.code(query)?;
        let form = || {
            Form::new()
                .with("grant_type", "authorization_code")
                .with("code", code.expose())
                .with("redirect_uri", &login.redirect_uri)
                .with("code_verifier", login.request.verifier().expose())
                .with("resource", &found.resource)
        };
        let issued = environment.now();
        let endpoint = found.token_endpoint()?;
        let answer = request_token(environment, endpoint, &login.client, form).await?;
        answer.into_token(login.scope.as_deref(), issued, random_text::<16>()?)
    }

    /// A client that the authorization server does not know any more is not used again.
    async fn forget_unknown<T>(
        &self,
        environment: &Environment,
        found: &Discovered,
        result: Result<T, Error>,
    ) -> Result<T, Error> {
        if result.as_ref().is_err_and(Error::is_unknown_client) {
            self.registration.forget(environment, found).await?;
        }
        result
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
        interrupted: BoxFuture<'a, Error>,
    ) -> BoxFuture<'a, Result<(Client, AccessToken), Error>> {
        Box::pin(async move {
            let result = self.log_in(environment, found, scope, interrupted).await;
            self.forget_unknown(environment, found, result).await
        })
    }

    fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str> {
        match &self.registration.client {
            Some(client) => client.select(issuers),
            None => issuers.first().map(String::as_str),
        }
    }

    fn interactive(&self) -> Option<&(dyn InteractiveGrant + Send + Sync)> {
        Some(self)
    }
}

impl InteractiveGrant for AuthorizationCode {
    fn registration(&self) -> &Registration {
        &self.registration
    }

    fn begin_login<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        scope: Option<String>,
    ) -> BoxFuture<'a, Result<BegunLogin, Error>> {
        Box::pin(async move {
            let redirect_uri = self.redirection.host_uri()?;
            self.begin(environment, found, redirect_uri, scope.as_deref()).await
        })
    }

    fn redeem<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        login: &'a BegunLogin,
        query: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, Error>> {
        Box::pin(async move {
            let result = self.finish(environment, found, login, query).await;
            self.forget_unknown(environment, found, result).await
        })
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
