//! The specification's files, when they lie beside the repository, and what "the same JSON" means.

use std::fs;
use std::path::{Path, PathBuf};

use mcp_core::revision::Revision;
use serde_json::Value;

/// The folder of the schemas; `None` is said on the console.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/spec/schema");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: the specification's schemas are not beside this repository");
    None
}

/// The schema of a revision.
pub(crate) fn schema(folder: &Path, revision: Revision) -> Value {
    read(&folder.join(revision.as_str()).join("schema.json"))
}

/// Where a schema keeps its definitions.
pub(crate) fn definitions(schema: &Value) -> (&'static str, &Value) {
    let key = if schema.get("$defs").is_some() { "$defs" } else { "definitions" };
    (key, &schema[key])
}

/// A JSON file.
pub(crate) fn read(path: &Path) -> Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether two values are the same JSON: `1` is `1.0`, and the order of members does not matter.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
