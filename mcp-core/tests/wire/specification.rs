//! The files of the specification in `tests/specification`, and the comparison of JSON values.

use std::fs;
use std::path::{Path, PathBuf};

use mcp_core::revision::Revision;
use serde_json::Value;

/// Returns the folder of a revision.
fn folder(revision: Revision) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specification").join(revision.as_str())
}

/// Returns the schema of a revision.
pub(crate) fn schema(revision: Revision) -> Value {
    read(&folder(revision).join("schema.json"))
}

/// Returns the folder of the example messages, which only the latest revision has.
pub(crate) fn examples() -> PathBuf {
    folder(Revision::V2026_07_28).join("examples")
}

/// Returns the definitions of a schema and the name of the member that has them.
pub(crate) fn definitions(schema: &Value) -> (&'static str, &Value) {
    let key = if schema.get("$defs").is_some() { "$defs" } else { "definitions" };
    (key, &schema[key])
}

/// Reads a JSON file.
pub(crate) fn read(path: &Path) -> Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether two JSON values are equal: `1` equals `1.0`, and the order of members does not matter.
pub(crate) fn is_same_json(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same_json(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_same_json(a, b)))
        }
        _ => a == b,
    }
}
