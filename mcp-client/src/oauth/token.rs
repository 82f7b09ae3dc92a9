//! An access token, and how it is kept. Spec: OAuth 2.1 §1.4.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::error::{Error, ErrorKind};
use super::secret::Secret;

/// How long before its end a token is renewed, at most; a quarter of its life if that is shorter.
const AHEAD: Duration = Duration::from_secs(30);

/// An access token, and how to get the next one.
#[derive(Clone)]
pub(crate) struct Token {
    /// The token.
    pub(crate) access: Secret,
    /// How it is shown to the MCP server.
    pub(crate) kind: TokenType,
    /// When it was issued.
    pub(crate) issued: SystemTime,
    /// How long it is good for; not known if the server did not say.
    pub(crate) lifetime: Option<Duration>,
    /// What gets the next one without the user.
    pub(crate) refresh: Option<Secret>,
    /// The scope that was asked for.
    pub(crate) requested_scope: Option<String>,
    /// The scope that was given, where it is not the one asked for.
    pub(crate) granted_scope: Option<String>,
}

/// How an access token is shown to the MCP server.
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

impl Token {
    /// The value of `Authorization`.
    pub(crate) fn header(&self) -> Result<HeaderValue, Error> {
        let text = format!("{} {}", self.kind.scheme(), self.access.expose());
        let mut value = HeaderValue::try_from(text).map_err(|_| {
            Error::new(
                ErrorKind::InvalidMetadata,
                "the access token has characters that no header field can hold",
            )
        })?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Whether both are the same access token.
    pub(crate) fn has_same_access(&self, other: &Self) -> bool {
        self.access.expose() == other.access.expose()
    }

    /// Whether it is time for the next one.
    pub(crate) fn is_due(&self, now: SystemTime) -> bool {
        self.lifetime
            .is_some_and(|life| now >= self.issued + life.saturating_sub(AHEAD.min(life / 4)))
    }

    /// Whether its time is over.
    pub(crate) fn is_over(&self, now: SystemTime) -> bool {
        self.lifetime.is_some_and(|life| now >= self.issued + life)
    }

    /// As it is kept in a store.
    pub(crate) fn to_json(&self) -> Secret {
        let kept = KeptToken {
            access_token: self.access.expose().to_owned(),
            token_type: self.kind,
            issued_at: self.issued.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
            expires_in: self.lifetime.map(|life| life.as_secs()),
            refresh_token: self.refresh.as_ref().map(|secret| secret.expose().to_owned()),
            requested_scope: self.requested_scope.clone(),
            granted_scope: self.granted_scope.clone(),
        };
        Secret::new(serde_json::to_string(&kept).unwrap_or_default())
    }

    /// From a store. `None` when it cannot be read, as if it were not there.
    pub(crate) fn from_json(json: &Secret) -> Option<Self> {
        let kept: KeptToken = serde_json::from_str(json.expose()).ok()?;
        Some(Self {
            access: kept.access_token.into(),
            kind: kept.token_type,
            issued: UNIX_EPOCH + Duration::from_secs(kept.issued_at.min(LONGEST)),
            lifetime: kept.expires_in.map(|seconds| Duration::from_secs(seconds.min(LONGEST))),
            refresh: kept.refresh_token.map(Secret::from),
            requested_scope: kept.requested_scope,
            granted_scope: kept.granted_scope,
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("kind", &self.kind)
            .field("lifetime", &self.lifetime)
            .field("refresh", &self.refresh.is_some())
            .field("requested_scope", &self.requested_scope)
            .finish_non_exhaustive()
    }
}

/// The longest life that is believed: a hundred years.
pub(super) const LONGEST: u64 = 100 * 365 * 24 * 3_600;

#[derive(Serialize, Deserialize)]
struct KeptToken {
    access_token: String,
    token_type: TokenType,
    issued_at: u64,
    expires_in: Option<u64>,
    refresh_token: Option<String>,
    requested_scope: Option<String>,
    granted_scope: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(lifetime: Option<u64>) -> Token {
        Token {
            access: "CANARY-access".into(),
            kind: TokenType::Bearer,
            issued: UNIX_EPOCH + Duration::from_secs(1_000),
            lifetime: lifetime.map(Duration::from_secs),
            refresh: Some("CANARY-refresh".into()),
            requested_scope: Some("a b".to_owned()),
            granted_scope: None,
        }
    }

    #[test]
    fn when_it_is_time() {
        // The life of a token, and after how long it is due and over.
        for (lifetime, due, over) in [(3_600, 3_570, 3_600), (40, 30, 40), (1, 1, 1), (0, 0, 0)] {
            let token = token(Some(lifetime));
            let after = |seconds| token.issued + Duration::from_secs(seconds);
            assert!(token.is_due(after(due)) && token.is_over(after(over)), "{lifetime}");
            if lifetime > 1 {
                assert!(
                    !token.is_due(after(due - 1)) && !token.is_over(after(over - 1)),
                    "{lifetime}"
                );
            }
            // The clock was set back.
            assert!(lifetime == 0 || !token.is_due(UNIX_EPOCH), "{lifetime}");
        }
        let token = token(None);
        assert!(!token.is_due(token.issued + Duration::from_secs(LONGEST)));
    }

    #[test]
    fn what_is_kept_reads_back() {
        for lifetime in [None, Some(3_600), Some(LONGEST)] {
            let (before, kept) = (token(lifetime), token(lifetime).to_json());
            let after = Token::from_json(&kept).unwrap();
            assert_eq!(after.to_json().expose(), kept.expose());
            assert!(after.has_same_access(&before));
            assert_eq!((after.lifetime, after.issued), (before.lifetime, before.issued));
        }
        // Whatever is in a store, it is read without a panic.
        let huge = format!(
            r#"{{"access_token":"x","token_type":"Bearer","issued_at":{0},"expires_in":{0}}}"#,
            u64::MAX
        );
        assert!(
            Token::from_json(&huge.into())
                .unwrap()
                .is_due(UNIX_EPOCH + Duration::from_secs(1 << 45))
        );
        for bad in ["", "{}", "null", r#"{"access_token":"x","token_type":"mac","issued_at":0}"#] {
            assert!(Token::from_json(&bad.into()).is_none(), "{bad}");
        }
        assert!(!format!("{:?}", token(None)).contains("CANARY"));
    }
}
