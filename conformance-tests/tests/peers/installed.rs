//! Finding the peers.

use std::path::{Path, PathBuf};
use std::process::Command;

const INSTALL: &str = "bash conformance-tests/peers/install.sh";

/// The folder of the peers' scripts.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// A command for a script on Node, if the npm packages are installed.
pub(crate) fn node(script: &str) -> Option<Command> {
    let mut command = Command::new("node");
    command.arg(folder().join(script));
    if_there(command, &folder().join("node/node_modules/.package-lock.json"), INSTALL)
}

/// As [`node`], with a module that is loaded before.
pub(crate) fn node_with(module: &str, script: &str) -> Option<Command> {
    node(script)?;
    let mut command = Command::new("node");
    command.arg("--import").arg(folder().join(module)).arg(folder().join(script));
    Some(command)
}

/// A command for a script on Python, if the packages are installed.
pub(crate) fn python(script: &str) -> Option<Command> {
    let interpreter = folder().join("python/.venv/bin/python");
    let mut command = Command::new(&interpreter);
    command.arg(folder().join(script));
    if_there(command, &interpreter, INSTALL)
}

/// A command for the server of rmcp, if it is built; with `CI=true` it is built for that.
pub(crate) fn rmcp() -> Option<Command> {
    let folder = folder().join("rmcp");
    let program = folder.join("target/debug/mcp-peer-rmcp");
    if std::env::var_os("CI").is_some_and(|value| value == "true") {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--locked", "--manifest-path"]).arg(folder.join("Cargo.toml"));
        // A workspace of its own has a target directory of its own.
        let built = build.env_remove("CARGO_TARGET_DIR").status().expect("cargo runs");
        assert!(built.success(), "the server of rmcp is not built");
    }
    if_there(
        Command::new(&program),
        &program,
        "cargo build --manifest-path conformance-tests/peers/rmcp/Cargo.toml",
    )
}

/// A command for a script of a package that needs Node 22, which is installed beside the official suite.
pub(crate) fn node_22(script: &str) -> Option<Command> {
    let modules = folder().join("../suite/node_modules");
    let mut command = Command::new(modules.join(".bin/node"));
    command.arg(modules.join(script));
    let sign = modules.join("@modelcontextprotocol/inspector/package.json");
    if_there(command, &sign, "npm ci --prefix conformance-tests/suite")
}

fn if_there(command: Command, sign: &Path, install: &str) -> Option<Command> {
    if sign.exists() {
        return Some(command);
    }
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!ci, "a foreign peer is not installed: run `{install}`");
    eprintln!("skipped: a foreign peer is not installed (`{install}` installs it)");
    None
}
