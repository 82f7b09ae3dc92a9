//! The ways to a token: one grant a flow. Spec: OAuth 2.1 §4 and the authorization extensions.

use mcp_core::service::BoxFuture;

use super::client_authentication::Client;
use super::discovery::Discovered;
use super::environment::Environment;
use super::error::Error;
use super::token::Token;

/// A way to a token for an MCP server.
pub(crate) trait Grant: Send + Sync + 'static {
    /// The client as which tokens are got from this authorization server, when it is known without asking anybody:
    /// then a token in the store may be used. Where there is none yet, [`Grant::token`] makes one.
    fn client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, Result<Option<Client>, Error>>;

    /// Gets a token from scratch. May take as long as a user takes.
    fn token<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        scope: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(Client, Token), Error>>;

    /// The authorization server does not know the client any more. Whether [`Grant::token`] will make a new one.
    fn forget_client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let _ = (environment, found);
        Box::pin(std::future::ready(Ok(false)))
    }

    /// Which of the authorization servers of a resource it can use: it is the first, if the grant has no opinion.
    fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str> {
        issuers.first().map(String::as_str)
    }

    /// Whether a user takes part, who is not to be troubled unless the server says that it must be.
    fn is_interactive(&self) -> bool {
        false
    }

    /// Whether the scope `offline_access` is asked for where the authorization server lists it.
    fn wants_offline_access(&self) -> bool {
        false
    }
}
