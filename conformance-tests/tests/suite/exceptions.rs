//! What a role's runs may lack, by name and with a reason. A failure or a warning is never among
//! it.

use crate::run::Outcome;
use crate::scenario::{Check, Status, count};

/// The exceptions of one role.
pub(crate) struct Exceptions {
    /// Beginnings of the names of scenarios that need what is not built yet.
    pub(crate) not_yet: &'static [(&'static str, &'static str)],
    /// Scenarios with checks that nobody can make, how many, and why.
    pub(crate) skipped: &'static [(&'static str, usize, &'static str)],
}

impl Exceptions {
    pub(crate) fn is_not_yet(&self, scenario: &str) -> bool {
        !self.may_skip(scenario)
            && self.not_yet.iter().any(|(beginning, _)| scenario.starts_with(beginning))
    }

    pub(crate) fn may_skip(&self, scenario: &str) -> bool {
        self.may_skip_checks(scenario) > 0
    }

    fn may_skip_checks(&self, scenario: &str) -> usize {
        self.skipped.iter().find(|(name, ..)| *name == scenario).map_or(0, |(_, checks, _)| *checks)
    }

    /// All that is wrong with a run, an exception without need included.
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
                    complaints
                        .push(format!("{run}: {name} is built now: it is no exception any more"));
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
                complaints.push(format!("{run}: {name} checked nothing"));
            }
            let (skipped, expected) = (count(checks, Status::Skipped), self.may_skip_checks(name));
            if self.may_skip(name) && skipped != expected {
                complaints.push(format!("{run}: {name} skips {skipped} checks, not {expected}"));
            }
        }
        if !outcome.status.success() && !excused && complaints.is_empty() {
            complaints.push(format!("{run}: the suite ended with {}", outcome.status));
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
