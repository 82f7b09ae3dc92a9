//! What an application can ask its authorizer for.

use super::imported_token::ImportedToken;
use super::logout::Logout;
use super::pending_login::PendingLogin;
use super::saved_login::SavedLogin;
use super::status::{Login, LoginStatus};
use crate::oauth::acquire::Prospect;
use crate::oauth::authorizer::OAuth;
use crate::oauth::error::Error;

/// For the interface of an application. All of it needs a server: that of a connection, or of
/// [`OAuthBuilder::build_for`](crate::oauth::OAuthBuilder::build_for).
impl OAuth {
    /// Whether the user is logged in, and with which scopes. Reads the store and asks no server:
    /// [`LoginStatus::LoggedIn`] or [`LoginStatus::LoggedOut`].
    ///
    /// ```
    /// # mcp_test_support::with_notes_server(async |_, _| {
    /// use mcp_client::oauth::{LoginStatus, OAuth};
    ///
    /// let oauth = OAuth::authorization_code()
    ///     .host_login("com.example.notes:/authorized")
    ///     .build_for("https://mcp.example.com/mcp")?;
    /// assert_eq!(oauth.status().await?, LoginStatus::LoggedOut);
    /// # Ok(())
    /// # });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Store`](crate::oauth::ErrorKind::Store) if the store cannot be read.
    pub async fn status(&self) -> Result<LoginStatus, Error> {
        let acquirer = self.acquirer()?;
        let login = acquirer.stored_login().await?.filter(|login| acquirer.is_usable(login));
        Ok(match login {
            Some(login) => LoginStatus::LoggedIn(Login::new(login)),
            None => LoginStatus::LoggedOut,
        })
    }

    /// As [`OAuth::status`]; if the user is not logged in, finds out whether they can log in. For
    /// that it fetches the metadata of the server and of its authorization server. The MCP server
    /// is not connected to.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::oauth::LoginStatus;
    ///
    /// match oauth.discover_status().await? {
    ///     LoginStatus::LoggedIn(login) => println!("logged in: {}", login.scopes.join(", ")),
    ///     LoginStatus::CanLogIn { issuer, .. } => println!("[Log in at {issuer}]"),
    ///     LoginStatus::NeedsRegistration { issuer } => println!("needs a client of {issuer}"),
    ///     _ => println!("no log-in is needed"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Store`](crate::oauth::ErrorKind::Store), and those of a discovery.
    pub async fn discover_status(&self) -> Result<LoginStatus, Error> {
        let status = self.status().await?;
        if status != LoginStatus::LoggedOut {
            return Ok(status);
        }
        Ok(match self.acquirer()?.prospect().await? {
            Prospect::NotNeeded => LoginStatus::NotNeeded,
            Prospect::Possible(found) => LoginStatus::CanLogIn {
                issuer: found.issuer().to_owned(),
                scopes: found.scopes_supported.clone().unwrap_or_default(),
            },
            Prospect::NeedsRegistration(found) => {
                LoginStatus::NeedsRegistration { issuer: found.issuer().to_owned() }
            }
        })
    }

    /// Begins a log-in, with the scopes that were granted before, those that a refused call needs,
    /// and else those that the server names. Discovers the authorization server, and registers the
    /// client if need be. Needs a redirect URI:
    /// [`OAuthBuilder::host_login`](crate::oauth::OAuthBuilder::host_login).
    ///
    /// The tokens that there are stay in use until the log-in has ended. Several log-ins may be
    /// pending; each has its own `state`.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// # async fn callback() -> String { String::new() }
    /// let login = oauth.begin_login().await?;
    /// println!("Log in at {}: {}", login.url().origin(), login.url().as_str());
    /// let login = login.finish(&callback().await).await?; // The whole URL of the redirect.
    /// println!("granted: {}", login.scopes.join(", "));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of a discovery and of a registration;
    /// [`ErrorKind::Configuration`](crate::oauth::ErrorKind::Configuration) without a redirect URI, and if
    /// no user logs in with the grant.
    pub async fn begin_login(&self) -> Result<PendingLogin, Error> {
        self.begin_login_for::<&str>([]).await
    }

    /// As [`OAuth::begin_login`], with further scopes.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// // The user wants to write from now on; what was granted before is requested again.
    /// let login = oauth.begin_login_for(["notes:write"]).await?;
    /// println!("{}", login.url().as_str());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`OAuth::begin_login`].
    pub async fn begin_login_for<S: AsRef<str>>(
        &self,
        scopes: impl IntoIterator<Item = S>,
    ) -> Result<PendingLogin, Error> {
        let scopes: Vec<_> = scopes.into_iter().map(|scope| scope.as_ref().to_owned()).collect();
        let acquirer = self.acquirer()?;
        let (found, login, since) = acquirer.begin_login(&scopes).await?;
        Ok(PendingLogin::new(acquirer, found, login, since))
    }

    /// Resumes a log-in that [`PendingLogin::save`] stored, in this process or another one, so that
    /// [`PendingLogin::finish`] can end it. Asks no server. The client must be known here: set by
    /// hand or by its metadata document, or registered with the same store.
    ///
    /// A log-out between the two does not end the log-in: where the user logs out, forget what is
    /// saved too.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// #     session: &str,
    /// #     callback_url: &str,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::oauth::SavedLogin;
    ///
    /// // What the process that the user left has put into the user's session.
    /// let saved: SavedLogin = mcp_client::serde_json::from_str(session)?;
    /// oauth.resume_login(saved).await?.finish(callback_url).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Configuration`](crate::oauth::ErrorKind::Configuration) if the log-in is one for
    /// another server, user, client or DPoP key;
    /// [`ErrorKind::Store`](crate::oauth::ErrorKind::Store) if the store cannot be read.
    pub async fn resume_login(&self, saved: SavedLogin) -> Result<PendingLogin, Error> {
        PendingLogin::resume(self.acquirer()?, saved).await
    }

    /// Ends the log-in: forgets the tokens, here and in the store, and revokes them at the
    /// authorization server (RFC 7009). They are forgotten first, so also when that server cannot
    /// be reached; [`Logout::revocation`] says what it did. A registration of the client is kept.
    ///
    /// Where no user logs in, the next call obtains another token.
    ///
    /// Sessions of the legacy era are not continued: their subscriptions end with an error, and the
    /// next call or subscription begins another session.
    ///
    /// Calls that are under way may end with the old token. A log-in or refresh that is under way
    /// has no effect any more. Another process that holds the token in memory notices that it was
    /// revoked when the server refuses it.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::oauth::Revocation;
    ///
    /// if let Revocation::Failed(error) = oauth.logout().await?.revocation {
    ///     eprintln!("logged out here; the server may accept the token until it expires: {error}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Store`](crate::oauth::ErrorKind::Store) if the store cannot be locked or read, or
    /// still has the tokens. What can be done is done all the same: the tokens in use are forgotten
    /// and revoked. The next call may find those in the store, so log out again.
    pub async fn logout(&self) -> Result<Logout, Error> {
        self.acquirer()?.log_out().await.map(Logout::new)
    }

    /// Takes over a token of another program, and stores it as if the user had logged in. Discovers
    /// the authorization server, and does not ask it about the token.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::oauth::{ImportedToken, Secret};
    ///
    /// let token = ImportedToken::new(Secret::new("eyJ…"))
    ///     .refresh_token(Secret::new("def…"))
    ///     .client_id("notes-desktop")
    ///     .issuer("https://login.example.com");
    /// let login = oauth.import(token).await?; // The user does not log in again.
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of a discovery; [`ErrorKind::Configuration`](crate::oauth::ErrorKind::Configuration) if the
    /// token is of another authorization server or client than those of this authorizer, or its
    /// client is not known.
    pub async fn import(&self, token: ImportedToken) -> Result<Login, Error> {
        let acquirer = self.acquirer()?;
        let (client, issuer) = (token.client(), token.issuer.clone());
        let token = token.into_token(acquirer.environment.now())?;
        acquirer.import(token, issuer.as_deref(), client).await.map(Login::new)
    }
}
