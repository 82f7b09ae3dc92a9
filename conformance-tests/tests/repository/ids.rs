//! Ids of requirements, traps and threats, which two documents define in lines that begin with `|
//! <a id="`.

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
    assert!(tree::check_tests_exist("docs/threats.md", &document) > 100);
}
