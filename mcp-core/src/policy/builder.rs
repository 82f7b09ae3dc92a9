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
    ///
    /// ```
    /// use mcp_core::policy::{Level, Policy, PolicyLimits};
    ///
    /// let mut limits = PolicyLimits::default();
    /// limits.max_rules = 50;
    /// let policy = Policy::builder()
    ///     .limits(limits)
    ///     .file(Level::User, "policy.toml", "default = \"ask\"")?
    ///     .build();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn limits(mut self, limits: PolicyLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Adds the text of a file. `name` is what errors call it.
    ///
    /// ```
    /// use mcp_core::policy::{Level, Policy};
    ///
    /// let wrong = "[[rule]]\nverdict = \"alow\"";
    /// let error = Policy::builder().file(Level::User, "policy.toml", wrong).expect_err("a typo");
    /// assert!(error.to_string().starts_with("policy.toml:2:"), "{error}");
    /// ```
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
    ///
    /// ```
    /// use mcp_core::policy::{Policy, PolicyEngine, PolicyRequest, Verdict};
    ///
    /// let policy = Policy::builder().build();
    /// assert_eq!(policy.decide(&PolicyRequest::tool("add")).verdict(), Verdict::Ask);
    /// ```
    #[must_use]
    pub fn build(mut self) -> Policy {
        self.files.sort_by_key(|(level, _)| *level);
        Policy::new(self.files)
    }
}

impl Policy {
    /// Parses the only file of a policy. `name` is what errors call it.
    ///
    /// ```
    /// use mcp_core::policy::Policy;
    ///
    /// let error = Policy::parse("policy.toml", "defualt = \"ask\"").expect_err("a typo");
    /// assert!(error.to_string().contains("defualt"), "{error}");
    /// ```
    ///
    /// # Errors
    /// If the text is no policy, or exceeds a limit.
    pub fn parse(name: &str, text: &str) -> Result<Self, PolicyError> {
        Ok(Self::builder().file(Level::User, name, text)?.build())
    }

    /// Creates a builder, for several files and other limits.
    ///
    /// ```
    /// use mcp_core::policy::{Level, Policy};
    ///
    /// // What the administrator denies, no user can allow.
    /// let managed = "[[rule]]\nverdict = \"deny\"\ntools = [\"rm\"]";
    /// let policy = Policy::builder()
    ///     .file(Level::Managed, "/etc/policy.toml", managed)?
    ///     .file(Level::User, "policy.toml", "default = \"allow\"")?
    ///     .build();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }
}
