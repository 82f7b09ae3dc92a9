//! Limits of policies.

/// Limits of a [`Policy`](super::Policy).
///
/// ```
/// use mcp_core::policy::{Policy, PolicyLimits};
///
/// let builder = Policy::builder().limits(PolicyLimits { max_rules: 10, ..PolicyLimits::default() });
/// ```
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "fields are set with the update syntax")]
pub struct PolicyLimits {
    /// Maximum length of a file, in bytes. 256 KiB.
    pub max_file_bytes: usize,
    /// Maximum number of rules of all files. 1,000.
    pub max_rules: usize,
    /// Maximum number of predicates of a rule. 16.
    pub max_predicates: usize,
    /// Maximum number of globs in a list. 256.
    pub max_globs: usize,
    /// Maximum length of a glob, in bytes. 1,024.
    pub max_glob_bytes: usize,
    /// Maximum number of pairs of a principal and a tool whose rates are counted, for each rule with
    /// a rate, at about 50 bytes each. Further pairs share one count, so that no rate can be evaded.
    /// 10,000.
    pub max_rate_counts: usize,
}

impl Default for PolicyLimits {
    fn default() -> Self {
        Self {
            max_file_bytes: 256 << 10,
            max_rules: 1_000,
            max_predicates: 16,
            max_globs: 256,
            max_glob_bytes: 1_024,
            max_rate_counts: 10_000,
        }
    }
}
