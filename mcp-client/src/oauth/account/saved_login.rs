//! A log-in, stored until its user comes back.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::http::ShownUrl;
use crate::oauth::discovery::Discovered;
use crate::oauth::login::SavedRequest;

/// The version of the stored form.
pub(super) const VERSION: u32 = 1;

/// A log-in that has begun, to be stored: by [`PendingLogin::save`](super::PendingLogin::save), for
/// [`OAuth::resume_login`](crate::oauth::OAuth::resume_login). Web applications need it whose users
/// may return to another process than the one that they left.
///
/// It holds the secret that redeems the answer, and names where the code and the client's secret
/// are sent. Keep it in the session of the same user, under its [`state`](Self::state), where no
/// other user can read or change it: a cookie must be encrypted and authenticated. Remove it when
/// it is used or has expired. `Debug` shows no secret.
///
/// ```
/// use mcp_client::oauth::{Error, Login, OAuth, SavedLogin};
///
/// /// The user comes back to any process of a web application.
/// async fn callback(oauth: &OAuth, saved: SavedLogin, url: &str) -> Result<Login, Error> {
///     oauth.resume_login(saved).await?.finish(url).await
/// }
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedLogin {
    pub(super) version: u32,
    /// The MCP server, the user and the key that tokens are bound to.
    pub(super) key: String,
    pub(super) found: Discovered,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) scope: Option<String>,
    pub(super) request: SavedRequest,
    pub(super) expires_at: SystemTime,
    /// How long the user could take.
    pub(super) patience: Duration,
}

impl SavedLogin {
    /// The parameter `state` of the URL that the user returns to.
    ///
    /// ```
    /// # use mcp_client::oauth::SavedLogin;
    /// /// Where it is in a store that all processes share.
    /// fn key(saved: &SavedLogin) -> String {
    ///     format!("login:{}", saved.state())
    /// }
    /// ```
    #[must_use]
    pub fn state(&self) -> &str {
        &self.request.state
    }

    /// When the log-in expires.
    ///
    /// ```
    /// # use mcp_client::oauth::SavedLogin;
    /// use std::time::{Duration, SystemTime};
    ///
    /// /// How long to keep it.
    /// fn time_to_live(saved: &SavedLogin) -> Duration {
    ///     saved.expires_at().duration_since(SystemTime::now()).unwrap_or_default()
    /// }
    /// ```
    #[must_use]
    pub fn expires_at(&self) -> SystemTime {
        self.expires_at
    }
}

impl fmt::Debug for SavedLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedLogin")
            .field("issuer", &ShownUrl(self.found.issuer()))
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}
