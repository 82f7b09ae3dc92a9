//! `docs/conformance.md`: a heading, and a section for each role.

use std::path::Path;
use std::sync::Mutex;

/// Two roles may write at the same time.
static DOCUMENT: Mutex<()> = Mutex::new(());

const HEADING: &str = include_str!("heading.md");

/// The roles, in the order of their sections.
const ROLES: [&str; 1] = ["Server"];

/// Compares `section` with that of `role`, or writes it with `WRITE_CONFORMANCE` set.
///
/// # Panics
///
/// When the document is out of date.
pub(crate) fn keep(role: &str, section: &str) {
    assert!(ROLES.contains(&role), "{role} has no place in the document");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance.md");
    let _one_at_a_time = DOCUMENT.lock();
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

fn section_of<'a>(document: &'a str, role: &str) -> &'a str {
    let after = document.split_once(&format!("\n## {role}\n")).map_or("", |(_, after)| after);
    after.split_once("\n## ").map_or(after, |(section, _)| section)
}
