//! `cargo xtask bless`: rewrites the expected texts of tests. Review the difference before
//! committing it, because the tests accept the new text from then on.

use crate::steps::{Steps, cargo};

/// The name of each text, the tests that rewrite it, and the variable that makes them do so.
const TEXTS: &[(&str, &str, &str)] = &[
    ("goldens", "test -p mcp-core --test wire goldens", "BLESS"),
    ("revisions", "test -p mcp-core --test wire revisions", "BLESS"),
    ("limits", "test -p mcp-conformance-tests --test repository limits", "BLESS"),
    ("guide", "test -p mcp-conformance-tests --test repository guide::", "BLESS"),
    ("compile-fail", "test --workspace --test compile refused", "BLESS"),
    ("conformance", "test --workspace --test suite", "WRITE_CONFORMANCE"),
];

pub(crate) fn run(names: &[String]) -> Result<(), String> {
    let known: Vec<&str> = TEXTS.iter().map(|(name, ..)| *name).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("unknown text `{name}`; known: {}", known.join(", ")));
    }
    let mut steps = Steps::new();
    for (name, test, variable) in TEXTS {
        if names.is_empty() || names.iter().any(|chosen| chosen == name) {
            // With `CI`, the tests fail instead of being ignored if the suite is not installed.
            steps.command(name, cargo(test).env(variable, "1").env("CI", "true"));
        }
    }
    steps.finish()
}
