//! The official Inspector, in its command-line mode, lists and calls what our everything server
//! has.

use std::process::Output;

use mcp_conformance_tests::EverythingServer;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::installed::node_22;

const PROGRAM: &str = env!("CARGO_BIN_EXE_everything-server");

/// Where the server is.
enum Target<'a> {
    Stdio,
    Http(&'a EverythingServer),
}

fn inspect(target: &Target<'_>, era: &str, arguments: &[&str]) -> Output {
    let mut inspector = node_22("@modelcontextprotocol/inspector/clients/launcher/build/index.js");
    // It looks for its catalog and for stored authorization at home.
    let home = TempDir::new().expect("a directory");
    inspector.env("HOME", home.path()).arg("--cli");
    match target {
        Target::Stdio => inspector.args([PROGRAM, "--stdio"]),
        Target::Http(server) => {
            inspector.args(["--transport", "http", "--server-url", server.url()])
        }
    };
    inspector.args(["--protocol-era", era, "--format", "json", "--method"]).args(arguments);
    inspector.output().expect("the Inspector starts")
}

/// The result of a method that succeeds.
fn result(target: &Target<'_>, era: &str, arguments: &[&str]) -> Value {
    let output = inspect(target, era, arguments);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {:?}\n{complained}", output.status);
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    said["result"].clone()
}

fn names(result: &Value, list: &str) -> Vec<String> {
    let items = result[list].as_array().unwrap_or_else(|| panic!("no {list}: {result}"));
    items.iter().map(|item| item["name"].as_str().expect("a name").to_owned()).collect()
}

/// Lists and calls; `sum` is how the structured result of `add` looks in this era.
fn walk(target: &Target<'_>, era: &str, sum: &Value) {
    // Strict: it ends with a status of its own for a schema that some client could not read.
    let tools = names(&result(target, era, &["tools/list", "--strict"]), "tools");
    assert!(tools.len() > 30 && tools.iter().any(|name| name == "add"), "{tools:?}");
    let resources = names(&result(target, era, &["resources/list"]), "resources");
    assert_eq!(resources.len(), 28, "{resources:?}");
    let prompts = names(&result(target, era, &["prompts/list"]), "prompts");
    assert!(prompts.iter().any(|name| name == "test_prompt_with_arguments"), "{prompts:?}");
    let added =
        result(target, era, &["tools/call", "--tool-name", "add", "--tool-arg", "a=1", "b=2"]);
    assert_eq!(added["content"][0]["text"], "3");
    assert_eq!(added["structuredContent"], *sum, "{added}");
}

fn walk_http(era: &str, sum: &Value) {
    let server = EverythingServer::start(PROGRAM).expect("the server listens");
    walk(&Target::Http(&server), era, sum);
}

#[test]
#[cfg_attr(not(suite_installed), ignore = "run `npm ci --prefix conformance-tests/suite`")]
fn over_stdio_in_the_legacy_era() {
    walk(&Target::Stdio, "legacy", &json!({ "result": 3 }));
}

#[test]
#[cfg_attr(not(suite_installed), ignore = "run `npm ci --prefix conformance-tests/suite`")]
fn over_stdio_in_the_modern_era() {
    walk(&Target::Stdio, "auto", &json!(3));
}

#[test]
#[cfg_attr(not(suite_installed), ignore = "run `npm ci --prefix conformance-tests/suite`")]
fn over_http_in_the_legacy_era() {
    walk_http("legacy", &json!({ "result": 3 }));
}

#[test]
#[cfg_attr(not(suite_installed), ignore = "run `npm ci --prefix conformance-tests/suite`")]
fn over_http_in_the_modern_era() {
    walk_http("auto", &json!(3));
}

#[test]
#[cfg_attr(not(suite_installed), ignore = "run `npm ci --prefix conformance-tests/suite`")]
fn an_error_of_a_tool_is_told() {
    let call = ["tools/call", "--tool-name", "divide", "--tool-arg", "a=1", "b=0"];
    let output = inspect(&Target::Stdio, "auto", &call);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(said["result"]["content"][0]["text"], "division by zero");
}
