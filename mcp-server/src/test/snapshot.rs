//! Comparison with a file.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::diff::diff;

/// The environment variable that has snapshots written, with the value `write`.
const VARIABLE: &str = "MCP_SNAPSHOTS";

/// Asserts that a value is that in a file, or writes the file.
#[track_caller]
pub(super) fn assert_snapshot(what: &str, path: &Path, value: &Value) {
    let writes = std::env::var_os(VARIABLE).is_some_and(|value| value == OsStr::new("write"));
    if writes {
        if let Err(error) = write(path, value) {
            panic!("the snapshot {} cannot be written: {error}", path.display());
        }
        return;
    }
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            panic!("the snapshot {} does not exist; write it with {VARIABLE}=write", path.display())
        }
        Err(error) => panic!("the snapshot {} cannot be read: {error}", path.display()),
    };
    // Editors and version control may change line breaks.
    let is_same = serde_json::from_str::<Value>(&text).is_ok_and(|expected| expected == *value);
    if !is_same {
        panic!(
            "{what} are not those in {} (- expected, + actual); if that is intended, write them \
             with {VARIABLE}=write:\n{}",
            path.display(),
            diff(&text.replace("\r\n", "\n"), &pretty(value))
        );
    }
}

fn write(path: &Path, value: &Value) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, pretty(value))
}

/// Returns a value as JSON on several lines.
pub(super) fn pretty(value: &Value) -> String {
    // A value that was parsed can be written.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}
