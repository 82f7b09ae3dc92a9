//! Ids of requirements, traps and threats, which two documents define in lines that begin with `|
//! <a id="`.

use std::collections::BTreeSet;

use crate::tree;

const DOCUMENTS: [&str; 2] = ["docs/requirements.md", "docs/threats.md"];

/// Words of that form that are not ids: encodings, hashes, curves, proposals.
const OTHERS: [&str; 5] = ["UTF", "SHA", "P", "SEP", "ISO"];

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

/// The words of a text that are an id by their form: capital letters, perhaps digits, a hyphen,
/// digits.
fn named(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
    words.filter(|word| {
        let Some((prefix, number)) = word.split_once('-') else { return false };
        let letters = prefix.trim_end_matches(|c: char| c.is_ascii_digit());
        !letters.is_empty()
            && letters.bytes().all(|byte| byte.is_ascii_uppercase())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
            && !OTHERS.contains(&letters)
    })
}

#[test]
fn every_id_is_defined_once() {
    let texts = DOCUMENTS.map(tree::text);
    let mut all = BTreeSet::new();
    for id in texts.iter().flat_map(|text| defined(text)) {
        assert!(all.insert(id), "{id} is defined twice");
    }
    assert!(all.len() > 400, "only {} ids were found", all.len());
}

#[test]
fn every_id_that_a_file_names_is_defined() {
    let texts = DOCUMENTS.map(tree::text);
    let defined: BTreeSet<_> = texts.iter().flat_map(|text| defined(text)).collect();
    let mut unknown = BTreeSet::new();
    let mut known = 0;
    for file in tree::all() {
        for id in named(&file.text) {
            if defined.contains(id) {
                known += 1;
            } else {
                unknown.insert(format!("{}: {id}", file.path.display()));
            }
        }
    }
    assert!(unknown.is_empty(), "not in {DOCUMENTS:?}: {unknown:#?}");
    assert!(known > 1_000, "only {known} ids were found");
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
