//! The grant in which a user takes part.

use mcp_core::service::BoxFuture;

use crate::oauth::client::Registration;
use crate::oauth::discovery::Discovered;
use crate::oauth::environment::Environment;
use crate::oauth::error::Error;
use crate::oauth::login::BegunLogin;
use crate::oauth::token::AccessToken;

/// A grant in which a user logs in, who must not be disturbed unless the server requires it.
pub(crate) trait InteractiveGrant {
    /// The client that users log in to.
    fn registration(&self) -> &Registration;

    /// Begins a log-in that the application takes its user through.
    fn begin_login<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        scope: Option<String>,
    ) -> BoxFuture<'a, Result<BegunLogin, Error>>;

    /// Redeems the answer to a log-in, which is the query of the redirect URI.
    fn redeem<'a>(
        &'a self,
        environment: &'a Environment,
        found: &'a Discovered,
        login: &'a BegunLogin,
        query: &'a str,
    ) -> BoxFuture<'a, Result<AccessToken, Error>>;

    /// Whether the scope `offline_access` is requested where the authorization server lists it.
    fn wants_offline_access(&self) -> bool;
}
