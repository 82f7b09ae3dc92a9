//! Finding the peers.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the peers' scripts.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// A command for a script on Node, if the npm packages are installed.
pub(crate) fn node(script: &str) -> Option<Command> {
    let mut command = Command::new("node");
    command.arg(folder().join(script));
    if_there(command, &folder().join("node/node_modules/.package-lock.json"))
}

/// A command for a script on Python, if the packages are installed.
pub(crate) fn python(script: &str) -> Option<Command> {
    let interpreter = folder().join("python/.venv/bin/python");
    let mut command = Command::new(&interpreter);
    command.arg(folder().join(script));
    if_there(command, &interpreter)
}

fn if_there(command: Command, sign: &Path) -> Option<Command> {
    if sign.exists() {
        return Some(command);
    }
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!ci, "the foreign peers are not installed: run conformance-tests/peers/install.sh");
    eprintln!(
        "skipped: the foreign peers are not installed (conformance-tests/peers/install.sh installs them)"
    );
    None
}
