//! What all grants have in common.

use mcp_core::service::BoxFuture;

use crate::oauth::client::{AdoptedClient, Client};
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::login::BegunLogin;
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

    /// Gets a token from scratch. May take as long as a user takes.
    fn token<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        scope: Option<&'a str>,
    ) -> BoxFuture<'a, Result<(Client, AccessToken), Error>>;

    /// Begins a log-in that the application takes its user through.
    fn begin_login<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        scope: Option<String>,
    ) -> BoxFuture<'a, Result<BegunLogin, Error>> {
        let _ = (environment, found, scope);
        let message = "no user logs in with this grant; the authorizer gets its tokens by itself";
        Box::pin(std::future::ready(Err(Error::new(ErrorKind::Configuration, message))))
    }

    /// Redeems the answer to a log-in, which is the query of the redirect URI.
    fn redeem<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        login: &'a BegunLogin,
        query: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, Error>> {
        let _ = (environment, found, login, query);
        let message = "no user logs in with this grant";
        Box::pin(std::future::ready(Err(Error::new(ErrorKind::Configuration, message))))
    }

    /// The user did not come back from a log-in: the next one does not use the same registration,
    /// which the authorization server may not know any more.
    fn abandon_login<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, ()> {
        let _ = (environment, found);
        Box::pin(std::future::ready(()))
    }

    /// Whether it has a client at an authorization server, or can register one there.
    fn can_register(&self, found: &Discovered) -> bool {
        let _ = found;
        true
    }

    /// Takes over a client that another program has registered, for the tokens of one MCP server.
    fn adopt_client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        client: AdoptedClient,
    ) -> BoxFuture<'a, Result<Client, Error>> {
        let _ = (environment, found, client);
        let message = "this grant has its own client; import no `client_id` into it";
        Box::pin(std::future::ready(Err(Error::new(ErrorKind::Configuration, message))))
    }

    /// Forgets a client that the authorization server does not accept any more. Whether
    /// [`AuthorizationGrant::token`] will register another one.
    fn forget_client<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let _ = (environment, found);
        Box::pin(std::future::ready(Ok(false)))
    }

    /// Which of the authorization servers of a resource it can use.
    fn select<'a>(&self, issuers: &'a [String]) -> Option<&'a str>;

    /// Whether a user takes part, who must not be disturbed unless the server requires it.
    fn is_interactive(&self) -> bool;

    /// Whether the scope `offline_access` is requested where the authorization server lists it.
    fn wants_offline_access(&self) -> bool {
        false
    }
}
