//! Other SDKs' clients drive our everything server through every feature, in every mode that they have.

use std::process::Command;

use crate::installed::{node, python};

fn drive(client: Option<Command>, mode: Option<&str>) {
    let Some(mut client) = client else { return };
    if let Some(mode) = mode {
        client.args(["--mode", mode]);
        if matches!(mode, "auto" | "2026-07-28") {
            client.arg("--input");
        }
    }
    client.args(["--", env!("CARGO_BIN_EXE_everything-server"), "--stdio"]);
    let output = client.output().expect("the client starts");
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}\n{said}\n{complained}", output.status);
    let verdict = said.lines().last().unwrap_or_default();
    let passed = verdict.strip_suffix(" passed, 0 failed").and_then(|count| count.parse::<u32>().ok());
    assert!(passed.is_some_and(|passed| passed >= 15), "an unexpected end: {said}");
}

#[test]
fn typescript_1_32() {
    drive(node("node/client-v1.mjs"), None);
}

#[test]
fn typescript_2_4_legacy() {
    drive(node("node/client-v2.mjs"), Some("legacy"));
}

#[test]
fn typescript_2_4_on_2025_06_18() {
    drive(node("node/client-v2.mjs"), Some("2025-06-18"));
}

#[test]
fn typescript_2_4_on_2025_03_26() {
    drive(node("node/client-v2.mjs"), Some("2025-03-26"));
}

#[test]
fn typescript_2_4_on_2024_11_05() {
    drive(node("node/client-v2.mjs"), Some("2024-11-05"));
}

#[test]
fn typescript_2_4_auto() {
    drive(node("node/client-v2.mjs"), Some("auto"));
}

#[test]
fn typescript_2_4_pinned_to_2026_07_28() {
    drive(node("node/client-v2.mjs"), Some("2026-07-28"));
}

#[test]
fn python_legacy() {
    drive(python("python/client.py"), Some("legacy"));
}

#[test]
fn python_auto() {
    drive(python("python/client.py"), Some("auto"));
}

#[test]
fn python_pinned_to_2026_07_28() {
    drive(python("python/client.py"), Some("2026-07-28"));
}
