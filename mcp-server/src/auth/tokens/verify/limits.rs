//! The limits of a `JwtVerifier`.

use std::time::Duration;

use crate::auth::tokens::claims::MAX_AUDIENCES;

/// How often keys are fetched, and how long they are used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct JwtLimits {
    /// Minimum time between two fetches of the keys, whatever tokens arrive. 30 s.
    pub min_refresh_interval: Duration,
    /// Time after which the keys are fetched again in the background. 10 minutes.
    pub max_key_age: Duration,
    /// Time for which keys are used that could not be fetched again. Then tokens are neither
    /// accepted nor refused, but answered 503. 1 day.
    pub max_stale_key_age: Duration,
    /// Time that a fetch of the keys may take, with the metadata that names them. 8 s, so that a
    /// request which waits for it is decided in time.
    pub refresh_timeout: Duration,
    /// Time for which a key that the authorization server does not have is not asked for again.
    /// 1 minute.
    pub unknown_key_ttl: Duration,
    /// Maximum number of such keys that are remembered, as hashes. 1,024.
    pub max_unknown_keys: usize,
    /// Time after which the metadata that names the URL of the keys is read again. 1 hour.
    pub max_metadata_age: Duration,
    /// Maximum number of audiences of a token. 100.
    pub max_audiences: usize,
}

impl JwtLimits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            min_refresh_interval: Duration::from_secs(30),
            max_key_age: Duration::from_secs(600),
            max_stale_key_age: Duration::from_secs(86_400),
            refresh_timeout: Duration::from_secs(8),
            unknown_key_ttl: Duration::from_secs(60),
            max_unknown_keys: 1_024,
            max_metadata_age: Duration::from_secs(3_600),
            max_audiences: MAX_AUDIENCES,
        }
    }
}

impl Default for JwtLimits {
    fn default() -> Self {
        Self::new()
    }
}
