//! What a policy decides.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::level::Level;

/// What happens to a call. The order is that of strictness: `Allow < Ask < Deny`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(clippy::exhaustive_enums, reason = "an engine must handle each of them")]
pub enum Verdict {
    /// It is passed on.
    Allow,
    /// The user is asked. Without an answer it is refused.
    Ask,
    /// It is refused.
    Deny,
}

impl Verdict {
    /// Returns the name in files: `allow`, `ask` or `deny`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleId {
    pub(super) level: Level,
    pub(super) file: Arc<str>,
    pub(super) number: usize,
    pub(super) name: Option<Arc<str>>,
}

impl RuleId {
    /// Returns the level of its file.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// Returns the name of its file, as the program gave it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Returns its number in the file. The first one is 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// Names the rule without its file, whose path may be private.
impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "rule \"{}\"", name.escape_debug()),
            None => write!(f, "rule {} of the {} policy", self.number, self.level),
        }
    }
}

/// A verdict, and why.
///
/// ```
/// use mcp_core::policy::{Policy, PolicyEngine, PolicyRequest, Verdict};
///
/// let policy = Policy::parse("policy.toml", "default = \"deny\"")?;
/// let decision = policy.decide(&PolicyRequest::tool("add"));
/// assert_eq!(decision.verdict(), Verdict::Deny);
/// println!("{}", decision.reason()); // For the log, or for the user who is asked.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    verdict: Verdict,
    rule: Option<Arc<RuleId>>,
    reason: Option<Arc<str>>,
}

impl Decision {
    /// Creates the decision of an engine. `reason` is shown to the caller, or to the user who is
    /// asked.
    #[must_use]
    pub fn new(verdict: Verdict, reason: impl Into<Arc<str>>) -> Self {
        Self { verdict, rule: None, reason: Some(reason.into()) }
    }

    pub(super) const fn by_default(verdict: Verdict) -> Self {
        Self { verdict, rule: None, reason: None }
    }

    pub(super) fn by_rule(verdict: Verdict, rule: &Arc<RuleId>, reason: Option<&Arc<str>>) -> Self {
        Self { verdict, rule: Some(Arc::clone(rule)), reason: reason.cloned() }
    }

    /// Returns the verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Returns the rule that decided. `None` if no rule matched.
    #[must_use]
    pub fn rule(&self) -> Option<&RuleId> {
        self.rule.as_deref()
    }

    /// Returns why: the rule with the reason that it gives, or that no rule matched.
    #[must_use]
    pub fn reason(&self) -> String {
        match (&self.rule, &self.reason) {
            (Some(rule), Some(reason)) => format!("{rule}: {reason}"),
            (Some(rule), None) => rule.to_string(),
            (None, Some(reason)) => reason.to_string(),
            (None, None) => "no rule matches, so the default decides".to_owned(),
        }
    }
}
