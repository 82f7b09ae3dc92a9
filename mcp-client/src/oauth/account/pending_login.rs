//! A log-in that the application takes its user through.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::saved_login::{SavedLogin, VERSION};
use super::status::Login;
use crate::http::ShownUrl;
use crate::oauth::acquire::Acquirer;
use crate::oauth::discovery::Discovered;
use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::login::{AuthorizationRequest, AuthorizationUrl, BegunLogin, query_of};

/// A log-in that has begun ([`OAuth::begin_login`](crate::oauth::OAuth::begin_login)): the
/// application takes its user to the [`url`](Self::url), and hands over the URL that the user
/// returns to. Dropping it aborts the log-in.
///
/// ```no_run
/// # async fn example(
/// #     oauth: mcp_client::oauth::OAuth,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// # async fn show(_: &str) {}
/// # async fn callback() -> String { String::new() }
/// let login = oauth.begin_login().await?;
/// show(login.url().as_str()).await;
/// let login = login.finish(&callback().await).await?;
/// # Ok(())
/// # }
/// ```
pub struct PendingLogin {
    acquirer: Arc<Acquirer>,
    found: Arc<Discovered>,
    login: BegunLogin,
    /// The log-outs before it began: a later one ends it.
    since: u64,
    expires_at: SystemTime,
    deadline: Instant,
    is_done: Mutex<bool>,
}

impl PendingLogin {
    pub(super) fn new(
        acquirer: &Arc<Acquirer>,
        found: Arc<Discovered>,
        login: BegunLogin,
        since: u64,
    ) -> Self {
        let now = acquirer.environment.now();
        let expires_at = now.checked_add(login.patience).unwrap_or(now);
        Self::expiring(acquirer, found, login, since, expires_at)
    }

    fn expiring(
        acquirer: &Arc<Acquirer>,
        found: Arc<Discovered>,
        login: BegunLogin,
        since: u64,
        expires_at: SystemTime,
    ) -> Self {
        let left = expires_at.duration_since(acquirer.environment.now()).unwrap_or_default();
        Self {
            acquirer: Arc::clone(acquirer),
            found,
            since,
            expires_at,
            deadline: mcp_core::deadline::later(Instant::now(), left.min(login.patience)),
            login,
            is_done: Mutex::new(false),
        }
    }

    /// The log-in, for a store: where the user may return to another process, or after a restart.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let login = oauth.begin_login().await?;
    /// // For the user's session; `OAuth::resume_login` continues it.
    /// let session = mcp_client::serde_json::to_string(&login.save())?;
    /// let redirect = format!("302 Location: {}", login.url().as_str());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn save(&self) -> SavedLogin {
        SavedLogin {
            version: VERSION,
            key: self.acquirer.environment.login_key().as_str().to_owned(),
            found: Discovered::clone(&self.found),
            client_id: self.login.client.id.clone(),
            redirect_uri: self.login.redirect_uri.clone(),
            scope: self.login.scope.clone(),
            request: self.login.request.save(),
            expires_at: self.expires_at,
            patience: self.login.patience,
        }
    }

    pub(super) async fn resume(acquirer: &Arc<Acquirer>, saved: SavedLogin) -> Result<Self, Error> {
        let invalid = |why: &str| {
            let message = format!("the saved log-in cannot be resumed: {why}");
            Err(Error::new(ErrorKind::Configuration, message))
        };
        if saved.version != VERSION {
            return invalid(&format!(
                "its version is {}, and this client reads version {VERSION}",
                saved.version
            ));
        }
        if saved.key != acquirer.environment.login_key().as_str() {
            return invalid(
                "it was begun for another server or user, or with another key for DPoP, than \
                 those of this authorizer",
            );
        }
        // A host opens it.
        acquirer.environment.fetcher.guard().check(saved.request.url())?;
        let expires_at = saved.expires_at;
        let found = Arc::new(saved.found);
        let (client, since) = acquirer.known_client(&found).await?;
        let Some(client) = client.filter(|client| client.id == saved.client_id) else {
            return invalid(
                "its client is not the one of this authorizer, or was registered with another \
                 store: give all processes the same client or the same store",
            );
        };
        let login = BegunLogin {
            client,
            redirect_uri: saved.redirect_uri,
            request: AuthorizationRequest::restore(saved.request, found.issuer()),
            scope: saved.scope,
            patience: saved.patience,
        };
        Ok(Self::expiring(acquirer, found, login, since, expires_at))
    }

    /// Where the user logs in. It is valid for this log-in and must not be written to logs.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let login = oauth.begin_login().await?;
    /// println!("Log in at {}", login.url().origin()); // For the button.
    /// let href = login.url().as_str(); // For the browser.
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn url(&self) -> &AuthorizationUrl {
        self.login.request.url()
    }

    /// The parameter `state` of the URL that the user returns to, by which an application with
    /// several log-ins finds the right one.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::collections::HashMap;
    ///
    /// // A web application: its users come back in any order.
    /// let mut pending = HashMap::new();
    /// let login = oauth.begin_login().await?;
    /// pending.insert(login.state().to_owned(), login);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn state(&self) -> &str {
        self.login.request.state_text()
    }

    /// When the log-in expires:
    /// [`OAuthBuilder::login_timeout`](crate::oauth::OAuthBuilder::login_timeout) after it began.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::SystemTime;
    ///
    /// let login = oauth.begin_login().await?;
    /// let left = login.expires_at().duration_since(SystemTime::now()).unwrap_or_default();
    /// println!("You have {} minutes to log in.", left.as_secs() / 60);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }

    /// The scopes that are requested.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// let login = oauth.begin_login().await?;
    /// println!("The program asks for: {}", login.scopes().collect::<Vec<_>>().join(", "));
    /// # Ok(())
    /// # }
    /// ```
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.login.scope.iter().flat_map(|scope| scope.split_ascii_whitespace())
    }

    /// Ends the log-in with the whole URL that the user returned to: checks the answer, exchanges
    /// its code for a token, and stores that. Calls of all connections with this authorizer use it
    /// from then on.
    ///
    /// If the answer does not belong to this log-in ([`ErrorKind::Forged`]), the log-in goes on,
    /// since anyone can visit the URL. After any other error begin another one. Dropping the future
    /// ends the log-in.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// use mcp_client::oauth::ErrorKind;
    ///
    /// # async fn callback() -> String { String::new() }
    /// let login = oauth.begin_login().await?;
    /// let login = loop {
    ///     match login.finish(&callback().await).await {
    ///         Err(error) if error.kind() == ErrorKind::Forged => {} // Wait for the next one.
    ///         done => break done?,
    ///     }
    /// };
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Denied`] if the user declined, or has logged out meanwhile;
    /// [`ErrorKind::TimedOut`] after [`PendingLogin::expires_at`]; and those of the authorization
    /// server.
    pub async fn finish(&self, callback_url: &str) -> Result<Login, Error> {
        let mut is_done = self.is_done.lock().await;
        if *is_done {
            let message = "this log-in has ended already; begin another one";
            return Err(Error::new(ErrorKind::Denied, message));
        }
        let query = query_of(callback_url)?;
        if !self.login.request.state().matches(query) {
            let message = "the answer belongs to another log-in: its state differs";
            return Err(Error::new(ErrorKind::Forged, message));
        }
        *is_done = true;
        if Instant::now() >= self.deadline {
            let message = format!(
                "the user returned from {} after {:?} (`OAuthBuilder::login_timeout`)",
                ShownUrl(self.found.issuer()),
                self.login.patience
            );
            return Err(Error::new(ErrorKind::TimedOut, message));
        }
        let (found, login) = (&self.found, &self.login);
        let stored = self.acquirer.finish_login(found, login, self.since, query).await?;
        Ok(Login::new(stored))
    }

    /// Ends the log-in without a result, because the user did not come back. The next one registers
    /// the client again, if it was registered dynamically: an authorization server that does not
    /// know the client any more shows that to the user alone.
    ///
    /// A user who cancels is no reason to call this: drop the log-in instead, which keeps the
    /// registration.
    ///
    /// ```no_run
    /// # async fn example(
    /// #     oauth: mcp_client::oauth::OAuth,
    /// # ) -> Result<(), Box<dyn std::error::Error>> {
    /// # async fn callback() -> Option<String> { None }
    /// let login = oauth.begin_login().await?;
    /// match callback().await {
    ///     Some(url) => drop(login.finish(&url).await?),
    ///     None => login.abort().await, // The browser shows an error and never comes back.
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn abort(self) {
        self.acquirer.abandon_login(&self.found).await;
    }
}

impl fmt::Debug for PendingLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingLogin")
            .field("url", self.url())
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
