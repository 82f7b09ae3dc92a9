//! The SDKs of model providers convert the tools of a server whose schemas have all that converters
//! break on, and call them in the form of the result.
//!
//! The SDKs are openai-agents 0.24.0, google-genai 3.6.1 and anthropic 2.14.0. The tests need no
//! key and no network: the script generates the calls from the converted schemas.

use std::process::Output;

use crate::installed::python_with_hosts;

const SCRIPT: &str = "python/host_tools.py";
const SERVER: &str = env!("CARGO_BIN_EXE_dialect-server");

/// Runs the converter of a host on the server in a dialect.
fn convert(host: &str, dialect: &str) -> Output {
    let mut command = python_with_hosts(SCRIPT);
    command.args([host, SERVER, dialect]).output().expect("Python runs")
}

/// Asserts the number of tools that are accepted, and of calls that are understood.
#[track_caller]
fn accepts(host: &str, dialect: &str, tools: usize, calls: usize) {
    let output = convert(host, dialect);
    let (text, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}{errors}");
    let expected = format!("{tools} tools accepted, {calls} calls understood");
    assert_eq!(text.trim(), expected, "{errors}");
}

/// Asserts that a converter does not accept the schemas as written: the dialect is what it needs.
#[track_caller]
fn refuses_as_written(host: &str, says: &str) {
    let output = convert(host, "as-written");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.contains(says), "{errors}");
}

#[test]
#[cfg_attr(not(host_sdks_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
fn openai_accepts_strict_schemas_unchanged() {
    accepts("openai", "strict", 11, 26);
    refuses_as_written("openai", "not accepted: nested is not strict");
}

#[test]
#[cfg_attr(not(host_sdks_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
fn gemini_accepts_flat_schemas() {
    accepts("gemini", "flat", 11, 26);
    refuses_as_written("gemini", "not accepted: nothing is not converted");
}

#[test]
#[cfg_attr(not(host_sdks_installed), ignore = "run `bash conformance-tests/peers/install.sh`")]
fn claude_accepts_schemas_as_written_and_strict_ones() {
    accepts("claude", "as-written", 12, 16);
    accepts("claude-strict", "strict", 11, 26);
    refuses_as_written("claude-strict", "not accepted: shape has alternatives at the root");
}
