//! The limits of what is fetched.

use std::time::Duration;

/// How much is fetched, and how long that may take.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FetchLimits {
    /// Maximum length of a response, in bytes. 256 KiB.
    pub max_document_bytes: usize,
    /// Time that one request may take, with its redirects and the body of its response. 10 s.
    pub request_timeout: Duration,
    /// Maximum number of redirects of one document; all must stay on its origin. 3.
    pub max_redirects: u32,
    /// Maximum length of a URL that is fetched, in bytes. 4 KiB.
    pub max_url_bytes: usize,
}

impl FetchLimits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            max_document_bytes: 256 << 10,
            request_timeout: Duration::from_secs(10),
            max_redirects: 3,
            max_url_bytes: 4_096,
        }
    }
}

impl Default for FetchLimits {
    fn default() -> Self {
        Self::new()
    }
}

/// What the settings are called where the application sets them, for the texts of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SettingNames {
    /// The struct of the limits, such as `FetchLimits`.
    pub limits: &'static str,
    /// The function that names private hosts, such as `PrivateHosts::new`.
    pub private_hosts: &'static str,
}

impl SettingNames {
    /// The settings of this module, [`FetchLimits`] and [`PrivateHosts`](super::PrivateHosts).
    pub const FETCH: Self = Self::new("FetchLimits", "PrivateHosts::new");

    /// Settings with other names; the limits have fields of the same names.
    #[must_use]
    pub const fn new(limits: &'static str, private_hosts: &'static str) -> Self {
        Self { limits, private_hosts }
    }
}
