//! Commands that start the peers. A test whose peer is not installed is ignored (`build.rs`). When
//! it runs anyway, as with `CI=true`, it fails and names the command that installs the peer.

use std::path::{Path, PathBuf};
use std::process::Command;

const INSTALL_PEERS: &str = "bash conformance-tests/peers/install.sh";
const INSTALL_SUITE: &str = "npm ci --prefix conformance-tests/suite";

/// The folder of the peers' scripts.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// A command for a script on Node.
pub(crate) fn node(script: &str) -> Command {
    let mut command = bare_node();
    command.arg(folder().join(script));
    command
}

/// As [`node`], with a module that is loaded before.
pub(crate) fn node_with(module: &str, script: &str) -> Command {
    let mut command = bare_node();
    command.arg("--import").arg(folder().join(module)).arg(folder().join(script));
    command
}

fn bare_node() -> Command {
    require(&folder().join("node/node_modules/.stamp"), INSTALL_PEERS);
    Command::new("node")
}

/// A command for a script on Python.
pub(crate) fn python(script: &str) -> Command {
    require(&folder().join("python/.venv/.stamp"), INSTALL_PEERS);
    let mut command = Command::new(folder().join("python/.venv/bin/python"));
    command.arg(folder().join(script));
    command
}

/// A command for the server of rmcp, which is built first: a minute the first time, a moment
/// afterwards.
pub(crate) fn rmcp() -> Command {
    let folder = folder().join("rmcp");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--locked", "--manifest-path"]).arg(folder.join("Cargo.toml"));
    // A workspace of its own has a target directory of its own.
    let built = build.env_remove("CARGO_TARGET_DIR").status().expect("cargo runs");
    assert!(built.success(), "the server of rmcp is not built");
    Command::new(folder.join("target/debug/mcp-peer-rmcp"))
}

/// A command for a script of a package that needs Node 22, which is installed beside the official
/// suite.
pub(crate) fn node_22(script: &str) -> Command {
    let modules = folder().join("../suite/node_modules");
    require(&modules.join(".package-lock.json"), INSTALL_SUITE);
    let mut command = Command::new(modules.join(".bin/node"));
    command.arg(modules.join(script));
    command
}

/// Fails where `sign`, which the installation writes last, is missing.
fn require(sign: &Path, install: &str) {
    assert!(sign.exists(), "{} is missing: run `{install}`", sign.display());
}
