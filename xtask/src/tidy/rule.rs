//! The interface of a rule.

use super::{finding::Finding, tree::Tree};

pub(super) struct Rule {
    /// The name for `--rule`.
    pub(super) name: &'static str,
    pub(super) check: fn(&Tree) -> Verdict,
}

/// The outcome of a rule.
#[derive(Debug)]
pub(super) enum Verdict {
    Checked(Vec<Finding>),
    /// The rule cannot be applied, for this reason.
    Skipped(String),
}

impl Verdict {
    /// The findings, for tests of rules.
    #[cfg(test)]
    pub(super) fn findings(self) -> Vec<String> {
        match self {
            Self::Checked(mut findings) => {
                findings.sort();
                findings.iter().map(ToString::to_string).collect()
            }
            Self::Skipped(reason) => panic!("skipped: {reason}"),
        }
    }
}
