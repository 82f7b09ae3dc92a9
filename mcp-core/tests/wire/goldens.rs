//! Messages of our own, in `tests/goldens`: `{type: {case: message}}`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::catalogue::{self, TYPES};
use crate::specification::same;

/// The cases of all types, by type and name.
pub(crate) fn all() -> BTreeMap<String, Vec<(String, Box<RawValue>)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
    let mut types = BTreeMap::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let page: BTreeMap<String, BTreeMap<String, Box<RawValue>>> = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (name, cases) in page {
            let before = types.insert(name.clone(), cases.into_iter().collect());
            assert!(before.is_none(), "{name} is in two files");
        }
    }
    types
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
                Ok(read) if same(&read.value(), &expected) => {}
                Ok(read) => {
                    wrong.push(format!("{name}, {case}: {expected}\n    became {}", read.text))
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
    // The catalogue is written by hand, so it is held against the source.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/types");
    let mut found = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let module = if path.ends_with("task_2025.rs") { "task_2025::" } else { "" };
        for line in fs::read_to_string(&path).unwrap().lines() {
            let line = line.trim_start();
            let Some(rest) =
                line.strip_prefix("pub struct ").or_else(|| line.strip_prefix("pub enum "))
            else {
                continue;
            };
            let name = rest.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            // An error, and the two forms of resource contents in one.
            if !matches!(name, "SchemaError" | "FormError" | "EitherContents") {
                found += 1;
                let name = format!("{module}{name}");
                assert!(catalogue::find(&name).is_some(), "{name} is not in the catalogue");
            }
        }
    }
    assert_eq!(found, TYPES.len(), "the source and the catalogue have different numbers of types");
}
