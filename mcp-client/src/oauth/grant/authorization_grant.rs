//! What all grants have in common.

use mcp_core::service::BoxFuture;

use super::interactive::InteractiveGrant;
use crate::oauth::client::Client;
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::error::Error;
use crate::oauth::token::AccessToken;

/// A way to a token for an MCP server.
pub(crate) trait AuthorizationGrant: Send + Sync + 'static {
    /// The client to which this authorization server issues tokens, if it is known without asking
    /// a user or a server: then a token in the store may be used. Where it is unknown,
    /// [`AuthorizationGrant::token`] registers one.
    fn client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, Result<Option<Client>, Error>>;

    /// Gets a token from scratch. May take as long as a user takes, who is not waited for any more
    /// when `interrupted` completes. A request for a token that has begun is not interrupted.
    fn token<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        scope: Option<&'a str>,
        interrupted: BoxFuture<'a, Error>,
    ) -> BoxFuture<'a, Result<(Client, AccessToken), Error>>;

    /// Which of the authorization servers of a resource it can use.
    fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str>;

    /// The grant as one in which a user takes part, if it is.
    fn interactive(&self) -> Option<&(dyn InteractiveGrant + Send + Sync)>;
}
