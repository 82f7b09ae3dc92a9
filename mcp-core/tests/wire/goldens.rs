//! The SDK's own example messages in `tests/goldens`: `{type: {case: message}}`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::catalogue::{self, TYPES};
use crate::specification::is_same_json;

/// The files and their texts. With `BLESS=1` they are rewritten in canonical form before a test
/// reads them.
static FILES: LazyLock<Vec<(PathBuf, String)>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
    let bless = std::env::var_os("BLESS").is_some_and(|value| value == "1");
    let read = |path: PathBuf| {
        let mut text = fs::read_to_string(&path).unwrap();
        if bless {
            text = canonical(&path, &text);
            fs::write(&path, &text).unwrap();
        }
        (path, text)
    };
    fs::read_dir(folder).unwrap().map(|file| read(file.unwrap().path())).collect()
});

/// Returns the canonical form of a file, in which a diff shows the members that changed: indented
/// by two spaces, with members in the order in which they were written.
fn canonical(path: &Path, text: &str) -> String {
    let tree: Value =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    format!("{tree:#}\n")
}

/// The cases of all types, by type and name.
pub(crate) fn all() -> BTreeMap<String, Vec<(String, Box<RawValue>)>> {
    let mut types = BTreeMap::new();
    for (path, text) in &*FILES {
        let page: BTreeMap<String, BTreeMap<String, Box<RawValue>>> = serde_json::from_str(text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (name, cases) in page {
            let before = types.insert(name.clone(), cases.into_iter().collect());
            assert!(before.is_none(), "{name} is in two files");
        }
    }
    types
}

/// A case that occurs twice is found here too, because the canonical form has only the last one.
#[test]
fn every_file_is_in_canonical_form() {
    let bless = "BLESS=1 cargo test -p mcp-core --test wire goldens";
    for (path, text) in &*FILES {
        assert!(
            *text == canonical(path, text),
            "{} is not in canonical form: run `{bless}`",
            path.display()
        );
    }
}

#[test]
fn every_message_is_written_as_it_was_read() {
    let mut wrong = Vec::new();
    for (name, cases) in all() {
        let entry =
            catalogue::find(&name).unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        for (case, message) in cases {
            let expected: Value = serde_json::from_str(message.get()).unwrap();
            match (entry.read)(message.get()) {
                Ok(read) if is_same_json(&read.value(), &expected) => {}
                Ok(read) => {
                    wrong.push(format!("{name}, {case}: {expected}\n    became {}", read.text));
                }
                Err(error) => wrong.push(format!("{name}, {case}: {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_full_message_has_no_unknown_members() {
    for (name, cases) in all() {
        let entry = catalogue::find(&name).unwrap();
        for (case, message) in cases.iter().filter(|(case, _)| case.starts_with("full")) {
            let read = (entry.read)(message.get()).unwrap();
            assert!(!read.debug.contains("Extra(Some"), "{name}, {case}: {}", read.debug);
            assert!(!read.debug.contains("Unknown("), "{name}, {case}: {}", read.debug);
        }
    }
}

#[test]
fn every_type_has_messages() {
    let goldens = all();
    for entry in TYPES {
        assert!(goldens.contains_key(entry.name), "{} has no golden", entry.name);
    }
}
