//! Ids of requirements and threats, and the tests that `docs/threats.md` names.

use std::collections::BTreeSet;

use crate::tree;

/// Returns the ids that a document defines, in order. The line of a definition begins with
/// `| <a id="`.
pub(crate) fn defined(text: &str) -> Vec<&str> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| <a id=\""));
    rows.map(|row| {
        let (id, rest) = row.split_once("\"></a>").expect("an anchor");
        assert!(
            rest.starts_with(&format!("{id} | ")),
            "the anchor {id} and the shown id differ: {rest}"
        );
        id
    })
    .collect()
}

#[test]
fn every_test_named_in_the_threats_exists() {
    let document = tree::text("docs/threats.md");
    let tests: BTreeSet<_> =
        document.split('`').filter_map(|code| code.split_once(".rs::")).collect();
    assert!(tests.len() > 100, "only {} tests were found", tests.len());
    for (path, test) in tests {
        let text = tree::text(&format!("{path}.rs"));
        // The name of a test can be an argument of a macro, so any word counts.
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        assert!(
            words.any(|word| word == test),
            "docs/threats.md names {test}, which {path}.rs does not have"
        );
    }
}
