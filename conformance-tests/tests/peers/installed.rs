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

/// A command for a script on Python, if the packages are installed.
pub(crate) fn python(script: &str) -> Option<Command> {
    let interpreter = folder().join("python/.venv/bin/python");
    let mut command = Command::new(&interpreter);
    command.arg(folder().join(script));
    if_there(command, &interpreter, INSTALL)
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
