//! What one run of one scenario said.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// One check of a scenario.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Check {
    pub(crate) id: String,
    pub(crate) status: Status,
    #[serde(default)]
    pub(crate) error_message: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    Success,
    Failure,
    Warning,
    Skipped,
    Info,
}

/// Checks by the names of scenarios.
pub(crate) type Scenarios = BTreeMap<String, Vec<Check>>;

/// Reads what the suite wrote: `[server-]<scenario>-<time>/checks.json`, where a scenario's name
/// may have a slash (`auth/dpop`).
pub(crate) fn read(directory: &Path) -> Scenarios {
    let mut scenarios = Scenarios::new();
    read_into(&mut scenarios, directory, "");
    scenarios
}

fn read_into(scenarios: &mut Scenarios, directory: &Path, parents: &str) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Ok(text) = std::fs::read_to_string(path.join("checks.json")) else {
            read_into(scenarios, &path, &format!("{parents}{name}/"));
            continue;
        };
        let checks =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let name = format!("{parents}{}", scenario_of(&name));
        assert!(
            scenarios.insert(name, checks).is_none(),
            "{path:?}: its scenario ran twice in one run"
        );
    }
}

/// The text of a file of that name, which the suite wrote beside the checks of the one scenario
/// that it ran.
pub(crate) fn file(directory: &Path, name: &str) -> Option<String> {
    std::fs::read_to_string(directory.join(name)).ok().or_else(|| {
        let mut entries = std::fs::read_dir(directory).ok()?.filter_map(Result::ok);
        entries.find_map(|entry| entry.path().is_dir().then(|| file(&entry.path(), name)).flatten())
    })
}

/// `server-caching-2026-11-22T14-43-11-133Z` → `caching`.
fn scenario_of(directory: &str) -> &str {
    let timed = directory.len().saturating_sub("-2026-11-22T14-43-11-133Z".len());
    let name = &directory[..timed];
    // Once: `server-server-stateless-…` is the scenario `server-stateless`.
    name.strip_prefix("server-").unwrap_or(name)
}

pub(crate) fn count(checks: &[Check], status: Status) -> usize {
    checks.iter().filter(|check| check.status == status).count()
}
