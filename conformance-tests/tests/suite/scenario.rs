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

/// Scenarios by name, from the directory that the suite wrote: `server-<scenario>-<time>/checks.json`.
pub(crate) fn read(directory: &Path) -> BTreeMap<String, Vec<Check>> {
    let mut scenarios = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let Ok(text) = std::fs::read_to_string(path.join("checks.json")) else { continue };
        let checks: Vec<Check> =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        scenarios.insert(name(&path.file_name().unwrap().to_string_lossy()), checks);
    }
    scenarios
}

/// `server-caching-2026-11-22T14-43-11-133Z` → `caching`.
fn name(directory: &str) -> String {
    let name = directory.strip_prefix("server-").unwrap_or(directory);
    name[..name.len().saturating_sub("-2026-11-22T14-43-11-133Z".len())].to_owned()
}

pub(crate) fn count(checks: &[Check], status: Status) -> usize {
    checks.iter().filter(|check| check.status == status).count()
}
