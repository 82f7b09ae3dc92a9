//! The builder of policies.

use super::error::PolicyError;
use super::file::PolicyFile;
use super::level::Level;
use super::limits::PolicyLimits;
use super::policy_set::Policy;

/// Builds a [`Policy`] from several files.
///
/// ```
/// use mcp_core::policy::{Level, Policy};
///
/// let policy = Policy::builder()
///     .file(Level::Managed, "/etc/policy.toml", "default = \"ask\"")?
///     .file(Level::User, "policy.toml", "[[rule]]\nverdict = \"allow\"\ntools = [\"add\"]")?
///     .build();
/// # Ok::<(), mcp_core::policy::PolicyError>(())
/// ```
#[derive(Debug, Default)]
pub struct PolicyBuilder {
    limits: PolicyLimits,
    files: Vec<(Level, PolicyFile)>,
    rules: usize,
}

impl PolicyBuilder {
    /// Sets the limits of the files that are added after it.
    #[must_use]
    pub fn limits(mut self, limits: PolicyLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds the text of a file. `name` is what errors call it.
    ///
    /// # Errors
    /// If the text is no policy, or exceeds a limit.
    pub fn file(mut self, level: Level, name: &str, text: &str) -> Result<Self, PolicyError> {
        let more = self.limits.max_rules.saturating_sub(self.rules);
        let file = PolicyFile::parse(level, name, text, &self.limits, more)?;
        self.rules += file.rules.len();
        self.files.push((level, file));
        Ok(self)
    }

    /// Builds the policy. Without a file, it has only the default.
    #[must_use]
    pub fn build(mut self) -> Policy {
        self.files.sort_by_key(|(level, _)| *level);
        Policy::new(self.files)
    }
}
