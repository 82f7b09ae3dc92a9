//! The section of a role in the document: a summary of its runs, and a table of all scenarios.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::exceptions::Exceptions;
use crate::run::Outcome;
use crate::scenario::{Status, count};

/// Writes the section from the outcomes of the runs.
pub(crate) fn section(
    introduction: &str,
    runs: &[(&str, Outcome)],
    exceptions: &Exceptions,
) -> String {
    let mut text = format!("{}\n", introduction.trim_end());
    summary(&mut text, runs, exceptions);
    text.push_str(&self::exceptions(exceptions));
    scenarios(&mut text, runs, exceptions);
    text
}

/// Writes the exceptions with their reasons.
pub(crate) fn exceptions(exceptions: &Exceptions) -> String {
    let mut text = String::new();
    for (scenario, why) in exceptions.not_yet {
        writeln!(text, "\nNot yet: `{scenario}*`: {why}.").unwrap();
    }
    for (scenario, _, why) in exceptions.skipped {
        writeln!(text, "\nSkipped: `{scenario}`: {why}.").unwrap();
    }
    text
}

fn summary(text: &mut String, runs: &[(&str, Outcome)], exceptions: &Exceptions) {
    text.push_str(
        "\n| run | scenarios | not yet | checks passed | failed | warnings | skipped |\n",
    );
    text.push_str("|---|---|---|---|---|---|---|\n");
    for (run, outcome) in runs {
        let all = outcome.scenarios.len();
        let built: Vec<_> =
            outcome.scenarios.iter().filter(|(name, _)| !exceptions.is_not_yet(name)).collect();
        let sum = |status| built.iter().map(|(_, checks)| count(checks, status)).sum::<usize>();
        let [passed, failed, warned, skipped] =
            [Status::Success, Status::Failure, Status::Warning, Status::Skipped].map(sum);
        let not_yet = all - built.len();
        writeln!(
            text,
            "| {run} | {all} | {not_yet} | {passed} | {failed} | {warned} | {skipped} |"
        )
        .unwrap();
    }
}

fn scenarios(text: &mut String, runs: &[(&str, Outcome)], exceptions: &Exceptions) {
    let names: Vec<_> = runs.iter().map(|(run, _)| *run).collect();
    writeln!(text, "\n| scenario | {} |\n|---|{}", names.join(" | "), "---|".repeat(runs.len()))
        .unwrap();
    let all: BTreeSet<_> = runs.iter().flat_map(|(_, outcome)| outcome.scenarios.keys()).collect();
    for scenario in all {
        write!(text, "| {scenario} |").unwrap();
        for (_, outcome) in runs {
            let cell = match outcome.scenarios.get(scenario) {
                None => String::new(),
                Some(_) if exceptions.is_not_yet(scenario) => "not yet".to_owned(),
                Some(checks) => match count(checks, Status::Success) {
                    0 => "skipped".to_owned(),
                    passed => passed.to_string(),
                },
            };
            write!(text, " {cell} |").unwrap();
        }
        text.push('\n');
    }
}
