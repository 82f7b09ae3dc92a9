//! Our client, as `everything-client`.
//!
//! Each scenario is run by itself, since only so the suite looks at the exit code of the client
//! too. Which there are is asked of the suite.

use std::collections::BTreeSet;
use std::sync::Mutex;

use crate::exceptions::Exceptions;
use crate::run::{Outcome, Suite};
use crate::scenario::Scenarios;
use crate::{document, table};

/// The runs: a name, the revision, and the scenarios.
const RUNS: [(&str, &str, Scope); 6] = [
    ("required 2025-11-25", "2025-11-25", Scope::Required),
    ("required 2026-07-28", "2026-07-28", Scope::Required),
    ("all 2025-06-18", "2025-06-18", Scope::Known),
    ("all 2025-03-26", "2025-03-26", Scope::Known),
    ("skills 2025-11-25", "2025-11-25", Scope::Unscored),
    ("skills 2026-07-28", "2026-07-28", Scope::Unscored),
];

/// Which scenarios a run has.
#[derive(Clone, Copy)]
enum Scope {
    /// Those that the revision requires, and those that are run beside them.
    Required,
    /// Those that the suite knows for the revision.
    Known,
    /// Those of extensions that no revision's list has.
    Unscored,
}

/// How the client begins to say that it failed.
const FAILED: &str = "everything-client: ";

/// Scenarios that run at a time.
const AT_A_TIME: usize = 2;

const EXCEPTIONS: Exceptions = Exceptions {
    not_yet: &[],
    skipped: &[(
        "http-standard-headers",
        2,
        "of which two checks are of `initialize` and `notifications/initialized`, which the revision does not have",
    )],
};

const INTRODUCTION: &str = "\
`everything-client`, started once for each scenario with the revision of the run (`--scenario`), so that its exit code
counts: it is 0 everywhere, also where a scenario allows another one. `required` is the set that a revision requires,
with the scenarios that are run and not scored; `all` with a revision is what the suite knows for it; `skills` are those
of the extension, which are in no set.";

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
        for _ in 0..AT_A_TIME {
            threads.spawn(|| {
                while let Some((index, scenario)) = { queue.lock().unwrap().pop() } {
                    let (name, revision, _) = RUNS[index];
                    let outcome = run(&suite, name, revision, &scenario);
                    // Some scenarios allow a client that fails, and ours does not.
                    let said = suite.client_said(&directory(name, &scenario));
                    let failed = !outcome.status.success()
                        || said.lines().any(|line| line.starts_with(FAILED));
                    if failed && !EXCEPTIONS.is_not_yet(&scenario) {
                        let complaint = format!("{name}: {scenario}: {}: {said}", outcome.status);
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

/// The scenarios of each run.
fn scenarios(suite: &Suite) -> [(&'static str, Vec<String>); RUNS.len()] {
    let all = listed(suite, &["--client"]);
    // What a revision requires is listed with the scenarios for servers.
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
    // Extensions are on no revision's list.
    let at = ["--scenario", scenario, "--spec-version", revision, "--force"];
    suite.run(&directory(name, scenario), &[&["client", "--command", client], &at[..]].concat())
}

/// Where a scenario's files stay.
fn directory(run: &str, scenario: &str) -> String {
    format!("client {run}/{scenario}")
}

/// The scenarios that the suite lists, with their tags.
fn listed(suite: &Suite, arguments: &[&str]) -> Vec<(String, String)> {
    let list = suite.list(arguments);
    let entries = list.lines().filter_map(|line| line.trim_start().strip_prefix("- "));
    entries
        .map(|entry| entry.split_once(" [").unwrap_or((entry, "]")))
        .map(|(scenario, tags)| (scenario.to_owned(), tags.trim_end_matches(']').to_owned()))
        .collect()
}
