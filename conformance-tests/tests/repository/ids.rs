//! Ids of requirements, traps and threats, which two documents define in lines that begin with `|
//! <a id="`.

use std::collections::BTreeSet;

use crate::tree;

/// The ids that a document defines, in order.
pub(crate) fn defined(text: &str) -> Vec<&str> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| <a id=\""));
    rows.map(|row| {
        let (id, rest) = row.split_once("\"></a>").expect("an anchor");
        assert!(rest.starts_with(&format!("{id} | ")), "{id} is shown as another: {rest}");
        id
    })
    .collect()
}

#[test]
fn every_test_that_proves_a_defence_is_there() {
    let document = tree::text("docs/threats.md");
    let tests: BTreeSet<_> =
        document.split('`').filter_map(|code| code.split_once(".rs::")).collect();
    assert!(tests.len() > 100, "only {} tests were found", tests.len());
    for (path, test) in tests {
        let text = tree::text(&format!("{path}.rs"));
        // Some tests are named in the macro that makes them.
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        assert!(
            words.any(|word| word == test),
            "docs/threats.md names {test}, which {path}.rs does not have"
        );
    }
}
