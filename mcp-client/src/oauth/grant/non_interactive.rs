//! The grants of clients that were registered by hand and act without a log-in.

use mcp_core::service::BoxFuture;

use super::authorization_grant::AuthorizationGrant;
use super::interactive::InteractiveGrant;
use crate::oauth::client::{Client, RegisteredClient};
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::error::Error;
use crate::oauth::token::AccessToken;

/// What a token is requested for.
pub(crate) struct TokenRequest<'a> {
    pub(crate) environment: &'a Environment,
    pub(crate) found: &'a Discovered,
    pub(crate) client: &'a Client,
    pub(crate) scope: Option<&'a str>,
}

/// A grant of a registered client without a log-in.
pub(crate) trait NonInteractiveGrant: Send + Sync + 'static {
    /// The client.
    fn registered(&self) -> &RegisteredClient;

    /// Gets a token for the client.
    fn request<'a>(
        &'a self,
        request: TokenRequest<'a>,
    ) -> BoxFuture<'a, Result<AccessToken, Error>>;
}

impl<G: NonInteractiveGrant> AuthorizationGrant for G {
    fn client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, Result<Option<Client>, Error>> {
        Box::pin(async move { self.registered().at(environment, found).await.map(Some) })
    }

    fn token<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        scope: Option<&'a str>,
        _interrupted: BoxFuture<'a, Error>,
    ) -> BoxFuture<'a, Result<(Client, AccessToken), Error>> {
        Box::pin(async move {
            let client = self.registered().at(environment, found).await?;
            let request = TokenRequest { environment, found, client: &client, scope };
            let token = self.request(request).await?;
            Ok((client, token))
        })
    }

    fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str> {
        self.registered().select(issuers)
    }

    fn interactive(&self) -> Option<&(dyn InteractiveGrant + Send + Sync)> {
        None
    }
}
