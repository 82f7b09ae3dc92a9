//! `docs/conformance.md`: a heading, and a section for each role.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// The tests of both roles may write at the same time.
static DOCUMENT: Mutex<()> = Mutex::new(());

const HEADING: &str = include_str!("heading.md");

/// The roles, in the order of their sections.
const ROLES: [&str; 2] = ["Server", "Client"];

/// Compares the section of `role` in the document with `section`, or writes it if
/// `WRITE_CONFORMANCE` is set.
///
/// # Panics
///
/// If the document is out of date.
pub(crate) fn keep(role: &str, section: &str) {
    assert!(ROLES.contains(&role), "the document has no section {role}");
    let _guard = DOCUMENT.lock();
    let path = path();
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let mut after = HEADING.to_owned();
    for name in ROLES {
        let text = if name == role { section } else { section_of(&before, name) };
        after.push_str(&format!("\n## {name}\n\n{}\n", text.trim()));
    }
    if std::env::var_os("WRITE_CONFORMANCE").is_some() {
        std::fs::write(&path, after).unwrap();
    } else {
        assert_eq!(
            before, after,
            "docs/conformance.md is out of date: run this test with WRITE_CONFORMANCE=1"
        );
    }
}

/// Compares the heading, and the introduction and exceptions of `role`, with the document. Needs no
/// run of the suite.
///
/// # Panics
///
/// If the document is out of date.
pub(crate) fn assert_prose(role: &str, introduction: &str, exceptions: &str) {
    let document = std::fs::read_to_string(path()).unwrap();
    assert!(document.starts_with(HEADING), "the heading differs from tests/suite/heading.md");
    let section = section_of(&document, role);
    assert!(section.trim_start().starts_with(introduction), "the introduction differs");
    assert!(section.contains(exceptions), "the exceptions differ from\n{exceptions}");
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance.md")
}

fn section_of<'a>(document: &'a str, role: &str) -> &'a str {
    let after = document.split_once(&format!("\n## {role}\n")).map_or("", |(_, after)| after);
    after.split_once("\n## ").map_or(after, |(section, _)| section)
}
