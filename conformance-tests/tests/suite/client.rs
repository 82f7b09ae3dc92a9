//! The suite against `everything-client`.
//!
//! Each scenario is a run of its own, because the suite checks the exit code of the client only
//! then. The suite lists the scenarios.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::exceptions::Exceptions;
use crate::run::{Outcome, Suite};
use crate::scenario::Scenarios;
use crate::{document, table};

/// The runs: the name, the revision, and the scenarios.
const RUNS: [(&str, &str, Scope); 6] = [
    ("required 2025-11-25", "2025-11-25", Scope::Required),
    ("required 2026-07-28", "2026-07-28", Scope::Required),
    ("all 2025-06-18", "2025-06-18", Scope::Known),
    ("all 2025-03-26", "2025-03-26", Scope::Known),
    ("skills 2025-11-25", "2025-11-25", Scope::Unscored),
    ("skills 2026-07-28", "2026-07-28", Scope::Unscored),
];

/// The scenarios of a run.
#[derive(Clone, Copy)]
enum Scope {
    /// Those that the revision requires, with those that are run but not scored.
    Required,
    /// Those that the suite has for the revision.
    Known,
    /// Those of extensions that no revision requires.
    Unscored,
}

/// The beginning of the client's error message.
const ERROR_PREFIX: &str = "everything-client: ";

/// Number of scenarios that run at the same time.
const MAX_RUNNING: usize = 2;

const EXCEPTIONS: Exceptions = Exceptions {
    not_yet: &[],
    skipped: &[(
        "http-standard-headers",
        2,
        "two checks are for methods that the revision does not have",
    )],
};

const INTRODUCTION: &str = "\
The suite starts `everything-client` once for each scenario, with the revision of the run
(`--scenario`), and checks its exit code. The code is always 0, even if a scenario allows another
one. `required` runs are the scenarios that a revision requires, with those that are run but not
scored. `all` with a revision runs the scenarios that the suite has for that revision. `skills` are
the scenarios of that extension, which no revision requires.";

#[test]
fn the_prose_of_the_section_is_current() {
    document::assert_prose("Client", INTRODUCTION, &table::exceptions(&EXCEPTIONS));
}

#[test]
#[cfg_attr(not(suite_installed), ignore = "run `npm ci --prefix conformance-tests/suite`")]
fn every_scenario_passes_without_a_warning() {
    let suite = Suite::installed();
    let mut outcomes = Vec::new();
    let mut queue = Vec::new();
    for (index, (name, scenarios)) in scenarios(&suite).into_iter().enumerate() {
        assert!(!scenarios.is_empty(), "{name} has no scenario");
        queue.extend(scenarios.into_iter().map(|scenario| (index, scenario)));
        outcomes.push((name, Outcome { scenarios: Scenarios::new(), status: Default::default() }));
    }
    let queue = Mutex::new(queue);
    let (outcomes, complaints) = (Mutex::new(outcomes), Mutex::new(Vec::new()));
    std::thread::scope(|threads| {
        for _ in 0..MAX_RUNNING {
            threads.spawn(|| {
                while let Some((index, scenario)) = { queue.lock().unwrap().pop() } {
                    let (name, revision, _) = RUNS[index];
                    let outcome = run(&suite, name, revision, &scenario);
                    // Some scenarios allow the client to fail. It must not.
                    let stderr = suite.client_stderr(&directory(name, &scenario));
                    let failed = !outcome.status.success()
                        || stderr.lines().any(|line| line.starts_with(ERROR_PREFIX));
                    if failed && !EXCEPTIONS.is_not_yet(&scenario) {
                        let complaint = format!("{name}: {scenario}: {}: {stderr}", outcome.status);
                        complaints.lock().unwrap().push(complaint);
                    }
                    outcomes.lock().unwrap()[index].1.scenarios.extend(outcome.scenarios);
                }
            });
        }
    });
    let (outcomes, mut complaints) =
        (outcomes.into_inner().unwrap(), complaints.into_inner().unwrap());
    complaints
        .extend(outcomes.iter().flat_map(|(name, outcome)| EXCEPTIONS.complaints(name, outcome)));
    assert!(complaints.is_empty(), "{complaints:#?}");
    document::keep("Client", &table::section(INTRODUCTION, &outcomes, &EXCEPTIONS));
}

/// Returns the scenarios of each run.
fn scenarios(suite: &Suite) -> [(&'static str, Vec<String>); RUNS.len()] {
    let all = listed(suite, &["--client"]);
    // The list of required scenarios includes those for servers.
    let known = |arguments: &[&str]| -> Vec<String> {
        let listed = listed(suite, arguments).into_iter().map(|(scenario, _)| scenario);
        listed.filter(|scenario| all.iter().any(|(known, _)| known == scenario)).collect()
    };
    let required = |revision| known(&["--requirements", revision]);
    let scored: BTreeSet<_> = ["2025-11-25", "2026-07-28"].into_iter().flat_map(required).collect();
    RUNS.map(|(name, revision, scope)| {
        let scenarios = match scope {
            Scope::Required => required(revision),
            Scope::Known => known(&["--client", "--spec-version", revision]),
            Scope::Unscored => {
                let extensions = all
                    .iter()
                    .filter(|(_, tags)| tags == "extension")
                    .map(|(scenario, _)| scenario);
                extensions.filter(|scenario| !scored.contains(*scenario)).cloned().collect()
            }
        };
        (name, scenarios)
    })
}

fn run(suite: &Suite, name: &str, revision: &str, scenario: &str) -> Outcome {
    let client = env!("CARGO_BIN_EXE_everything-client");
    // `--force`, because scenarios of extensions belong to no revision.
    let at = ["--scenario", scenario, "--spec-version", revision, "--force"];
    suite.run(&directory(name, scenario), &[&["client", "--command", client], &at[..]].concat())
}

/// Returns the name of the directory with the files of a scenario.
fn directory(run: &str, scenario: &str) -> String {
    format!("client {run}/{scenario}")
}

/// Returns the scenarios that the suite lists, with their tags.
fn listed(suite: &Suite, arguments: &[&str]) -> Vec<(String, String)> {
    let list = suite.list(arguments);
    let entries = list.lines().filter_map(|line| line.trim_start().strip_prefix("- "));
    entries
        .map(|entry| entry.split_once(" [").unwrap_or((entry, "]")))
        .map(|(scenario, tags)| (scenario.to_owned(), tags.trim_end_matches(']').to_owned()))
        .collect()
}
