//! An access token, and how it is stored. Spec: OAuth 2.1 §1.4.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use mcp_core::fetch::Secret;
use serde::{Deserialize, Serialize};

use crate::oauth::error::{Error, ErrorKind};
use crate::oauth::proof::numeric_date;

/// Longest lifetime that is believed: a hundred years. Fixed: it keeps times in range.
const MAX_LIFETIME_SECONDS: u64 = 100 * 365 * 24 * 3_600;

/// An access token, and how to get the next one.
#[derive(Clone)]
pub(crate) struct AccessToken {
    /// The token itself.
    pub(crate) access: Secret,
    /// How it is presented to the MCP server.
    pub(crate) kind: TokenType,
    /// When it was issued.
    pub(crate) issued: SystemTime,
    /// How long it is valid; unknown if the server did not say.
    pub(crate) lifetime: Option<Duration>,
    /// What gets the next one without the user.
    pub(crate) refresh: Option<Secret>,
    /// The scope that was requested.
    pub(crate) requested_scope: Option<String>,
    /// The scope that was granted, where it differs from the requested one.
    pub(crate) granted_scope: Option<String>,
    /// Which grant it comes from: tokens that were refreshed have that of the first one. Tokens of
    /// two grants may be those of two users.
    pub(crate) grant_id: String,
}

/// How an access token is presented to the MCP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TokenType {
    /// `Authorization: Bearer`.
    Bearer,
    /// `Authorization: DPoP`, with a proof.
    #[serde(rename = "DPoP")]
    Dpop,
}

impl TokenType {
    /// The scheme of the header field.
    pub(crate) fn scheme(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// A lifetime in seconds, as servers and stores have it.
pub(crate) fn lifetime(seconds: u64) -> Duration {
    Duration::from_secs(seconds.min(MAX_LIFETIME_SECONDS))
}

impl AccessToken {
    /// The value of `Authorization`.
    pub(crate) fn header(&self) -> Result<HeaderValue, Error> {
        let text = format!("{} {}", self.kind.scheme(), self.access.expose());
        let mut value = HeaderValue::try_from(text).map_err(|_| {
            let message = "the access token has characters that a header field cannot hold";
            Error::new(ErrorKind::InvalidMetadata, message)
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Whether both are the same access token.
    pub(crate) fn has_same_access(&self, other: &Self) -> bool {
        self.access.expose() == other.access.expose()
    }

    /// Whether it should be renewed: `ahead` of its end, or a quarter of its lifetime.
    pub(crate) fn is_due(&self, now: SystemTime, ahead: Duration) -> bool {
        self.lifetime
            .is_some_and(|life| now >= self.issued + life.saturating_sub(ahead.min(life / 4)))
    }

    /// Whether it has expired.
    pub(crate) fn is_expired(&self, now: SystemTime) -> bool {
        self.lifetime.is_some_and(|life| now >= self.issued + life)
    }

    /// The text for a store.
    pub(crate) fn to_json(&self) -> Secret {
        let stored = StoredToken {
            access_token: self.access.expose().to_owned(),
            token_type: self.kind,
            issued_at: numeric_date(self.issued),
            expires_in: self.lifetime.map(|life| life.as_secs()),
            refresh_token: self.refresh.as_ref().map(|secret| secret.expose().to_owned()),
            requested_scope: self.requested_scope.clone(),
            granted_scope: self.granted_scope.clone(),
            grant_id: self.grant_id.clone(),
        };
        Secret::new(serde_json::to_string(&stored).unwrap_or_default())
    }

    /// The token of a stored text. `None` when it cannot be read, as if it were not there.
    pub(crate) fn from_json(json: &Secret) -> Option<Self> {
        let stored: StoredToken = serde_json::from_str(json.expose()).ok()?;
        Some(Self {
            access: stored.access_token.into(),
            kind: stored.token_type,
            issued: UNIX_EPOCH + lifetime(stored.issued_at),
            lifetime: stored.expires_in.map(lifetime),
            refresh: stored.refresh_token.map(Secret::from),
            requested_scope: stored.requested_scope,
            granted_scope: stored.granted_scope,
            grant_id: stored.grant_id,
        })
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("kind", &self.kind)
            .field("lifetime", &self.lifetime)
            .field("refresh", &self.refresh.is_some())
            .field("requested_scope", &self.requested_scope)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct StoredToken {
    access_token: String,
    token_type: TokenType,
    issued_at: u64,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
    requested_scope: Option<String>,
    granted_scope: Option<String>,
    #[serde(default)]
    grant_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const AHEAD: Duration = Duration::from_secs(30);

    fn token(lifetime: Option<u64>) -> AccessToken {
        AccessToken {
            access: "CANARY-access".into(),
            kind: TokenType::Bearer,
            issued: UNIX_EPOCH + Duration::from_secs(1_000),
            lifetime: lifetime.map(Duration::from_secs),
            refresh: Some("CANARY-refresh".into()),
            requested_scope: Some("a b".to_owned()),
            granted_scope: None,
            grant_id: "1".to_owned(),
        }
    }

    #[test]
    fn a_token_is_due_before_it_expires() {
        // The lifetime of a token, and after how long it is due and expired.
        for (lifetime, due, expired) in [(3_600, 3_570, 3_600), (40, 30, 40), (1, 1, 1), (0, 0, 0)]
        {
            let token = token(Some(lifetime));
            let after = |seconds| token.issued + Duration::from_secs(seconds);
            let is_due = |seconds| token.is_due(after(seconds), AHEAD);
            assert!(is_due(due) && token.is_expired(after(expired)), "{lifetime}");
            if lifetime > 1 {
                assert!(!is_due(due - 1) && !token.is_expired(after(expired - 1)), "{lifetime}");
            }
            // The clock was set back.
            assert!(lifetime == 0 || !token.is_due(UNIX_EPOCH, AHEAD), "{lifetime}");
        }
        let token = token(None);
        assert!(!token.is_due(token.issued + Duration::from_secs(MAX_LIFETIME_SECONDS), AHEAD));
    }

    #[test]
    fn a_stored_token_reads_back() {
        for lifetime in [None, Some(3_600), Some(MAX_LIFETIME_SECONDS)] {
            let (before, stored) = (token(lifetime), token(lifetime).to_json());
            let after = AccessToken::from_json(&stored).unwrap();
            assert_eq!(after.to_json().expose(), stored.expose());
            assert!(after.has_same_access(&before));
            assert_eq!((after.lifetime, after.issued), (before.lifetime, before.issued));
            assert_eq!(after.grant_id, before.grant_id);
        }
        // Any text of a store is read without a panic.
        let huge = format!(
            r#"{{"access_token":"x","token_type":"Bearer","issued_at":{0},"expires_in":{0},"grant_id":""}}"#,
            u64::MAX
        );
        let huge = AccessToken::from_json(&huge.into()).unwrap();
        assert!(huge.is_due(UNIX_EPOCH + Duration::from_secs(1 << 45), AHEAD));
        for bad in ["", "{}", "null", r#"{"access_token":"x","token_type":"mac","issued_at":0}"#] {
            assert!(AccessToken::from_json(&bad.into()).is_none(), "{bad}");
        }
        assert!(!format!("{:?}", token(None)).contains("CANARY"));
    }
}
