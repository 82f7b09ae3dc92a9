//! Scenarios that a role does not pass, each with a reason: not implemented yet, or skipped by the
//! suite. There are no exceptions for failures and warnings of other scenarios.

use crate::run::Outcome;
use crate::scenario::{Check, Status, count};

/// The exceptions of one role.
pub(crate) struct Exceptions {
    /// Prefixes of the names of scenarios that need a feature which is not implemented, and the
    /// feature.
    pub(crate) not_yet: &'static [(&'static str, &'static str)],
    /// Scenarios with checks that the suite always skips, their number, and the reason.
    pub(crate) skipped: &'static [(&'static str, usize, &'static str)],
}

impl Exceptions {
    pub(crate) fn is_not_yet(&self, scenario: &str) -> bool {
        !self.may_skip(scenario)
            && self.not_yet.iter().any(|(prefix, _)| scenario.starts_with(prefix))
    }

    pub(crate) fn may_skip(&self, scenario: &str) -> bool {
        self.may_skip_checks(scenario) > 0
    }

    fn may_skip_checks(&self, scenario: &str) -> usize {
        self.skipped.iter().find(|(name, ..)| *name == scenario).map_or(0, |(_, checks, _)| *checks)
    }

    /// Returns everything that is wrong with a run, including exceptions that are not needed.
    pub(crate) fn complaints(&self, run: &str, outcome: &Outcome) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut excused = false;
        for (name, checks) in &outcome.scenarios {
            if self.is_not_yet(name) {
                excused |= count(checks, Status::Failure) > 0;
                if !checks
                    .iter()
                    .any(|check| matches!(check.status, Status::Failure | Status::Skipped))
                {
                    complaints.push(format!("{run}: {name} passes now; remove the exception"));
                }
                continue;
            }
            complaints.extend(checks.iter().filter(|check| self.is_bad(name, check)).map(
                |check| {
                    let why = check.error_message.as_deref().unwrap_or_default();
                    format!("{run}: {name}: {} {:?}: {why}", check.id, check.status)
                },
            ));
            if count(checks, Status::Success) == 0 && !self.may_skip(name) {
                complaints.push(format!("{run}: {name} has no successful check"));
            }
            let (skipped, expected) = (count(checks, Status::Skipped), self.may_skip_checks(name));
            if self.may_skip(name) && skipped != expected {
                complaints
                    .push(format!("{run}: {name} skips {skipped} checks; expected {expected}"));
            }
        }
        if !outcome.status.success() && !excused && complaints.is_empty() {
            complaints.push(format!("{run}: the suite failed with {}", outcome.status));
        }
        complaints
    }

    fn is_bad(&self, scenario: &str, check: &Check) -> bool {
        match check.status {
            Status::Success | Status::Info => false,
            Status::Failure | Status::Warning => true,
            Status::Skipped => !self.may_skip(scenario),
        }
    }
}
