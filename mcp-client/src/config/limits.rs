//! The limits of configuration files.

/// What is read of a configuration file. [The guide](crate::guide::limits) lists all defaults.
///
/// ```
/// use mcp_client::config::ConfigLimits;
///
/// let mut limits = ConfigLimits::new();
/// limits.max_servers = 16;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigLimits {
    /// Maximum length of a file, in bytes. 1 MiB.
    pub max_file_bytes: usize,
    /// Maximum length of a text after its variables were replaced, in bytes. 64 KiB.
    pub max_value_bytes: usize,
    /// Maximum number of servers in a file. 256.
    pub max_servers: usize,
}

impl ConfigLimits {
    /// The defaults.
    #[must_use]
    pub const fn new() -> Self {
        Self { max_file_bytes: 1 << 20, max_value_bytes: 64 << 10, max_servers: 256 }
    }
}

impl Default for ConfigLimits {
    fn default() -> Self {
        Self::new()
    }
}
