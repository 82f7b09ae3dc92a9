//! Ids of requirements and threats, and the tests that documents name.

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
    assert!(tree::check_tests_exist("docs/threats.md", &document) > 100);
}

#[test]
fn every_test_named_for_a_skipped_scenario_exists() {
    let document = tree::text("docs/conformance.md");
    assert_eq!(tree::check_tests_exist("docs/conformance.md", &document), 1);
}
