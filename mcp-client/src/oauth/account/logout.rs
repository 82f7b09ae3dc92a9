//! What became of a log-in that has ended.

use crate::oauth::acquire::Revoked;
use crate::oauth::error::Error;

/// The outcome of [`OAuth::logout`](crate::oauth::OAuth::logout). The tokens are forgotten in any
/// case.
///
/// ```no_run
/// # async fn example(
/// #     oauth: mcp_client::oauth::OAuth,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use mcp_client::oauth::Revocation;
///
/// let logout = oauth.logout().await?;
/// if matches!(logout.revocation, Revocation::NotSupported) {
///     println!("logged out here; the token expires by itself");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Logout {
    /// What the authorization server did.
    pub revocation: Revocation,
}

/// What became of the tokens at the authorization server.
///
/// ```
/// use mcp_client::oauth::Revocation;
///
/// /// What the user reads after a log-out.
/// fn note(revocation: &Revocation) -> &'static str {
///     match revocation {
///         Revocation::Failed(_) => "the server may accept the old token until it expires",
///         _ => "you are logged out",
///     }
/// }
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Revocation {
    /// There was no token.
    NothingToRevoke,
    /// They are not valid any more.
    Revoked,
    /// The authorization server does not revoke tokens (its metadata has no
    /// `revocation_endpoint`). They are valid until they expire.
    NotSupported,
    /// The authorization server could not be reached, or refused. The tokens may be valid until
    /// they expire.
    Failed(Error),
}

impl Logout {
    pub(super) fn new(revoked: Option<Revoked>) -> Self {
        let revocation = match revoked {
            None => Revocation::NothingToRevoke,
            Some(Revoked::Yes) => Revocation::Revoked,
            Some(Revoked::NoEndpoint) => Revocation::NotSupported,
            Some(Revoked::Failed(error)) => Revocation::Failed(error),
        };
        Self { revocation }
    }
}
