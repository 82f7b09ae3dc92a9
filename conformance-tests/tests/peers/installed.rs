//! Commands that start the peers. A test whose peer is not installed is ignored (`build.rs`). If it
//! runs anyway, as with `CI=true`, it fails and names the command that installs the peer.

use std::path::{Path, PathBuf};
use std::process::Command;

const INSTALL_PEERS: &str = "bash conformance-tests/peers/install.sh";
const INSTALL_SUITE: &str = "npm ci --prefix conformance-tests/suite";

/// Returns the folder of the peers.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// Returns a command that runs a script with Node.
pub(crate) fn node(script: &str) -> Command {
    let mut command = bare_node();
    command.arg(folder().join(script));
    command
}

/// As [`node`], with a module that is loaded before the script.
pub(crate) fn node_with(module: &str, script: &str) -> Command {
    let mut command = bare_node();
    command.arg("--import").arg(folder().join(module)).arg(folder().join(script));
    command
}

fn bare_node() -> Command {
    require(&folder().join("node/node_modules/.stamp"), INSTALL_PEERS);
    Command::new("node")
}

/// Returns a command that runs a script with Python.
pub(crate) fn python(script: &str) -> Command {
    python_of("python", script)
}

/// As [`python`], with the environment that has the tasks of FastMCP.
pub(crate) fn python_with_tasks(script: &str) -> Command {
    python_of("python/tasks", script)
}

/// As [`python`], with the environment that has the SDKs of model providers.
pub(crate) fn python_with_hosts(script: &str) -> Command {
    python_of("python/hosts", script)
}

fn python_of(environment: &str, script: &str) -> Command {
    let environment = folder().join(environment).join(".venv");
    require(&environment.join(".stamp"), INSTALL_PEERS);
    let mut command = Command::new(environment.join("bin/python"));
    command.arg(folder().join(script));
    command
}

/// Returns a command that runs the rmcp server. Builds it first.
pub(crate) fn rmcp() -> Command {
    Command::new(rmcp_programs().join("mcp-peer-rmcp"))
}

/// Returns the folder of the programs that use rmcp, with those of the guide in `examples`. Builds
/// them first, which takes a minute the first time.
pub(crate) fn rmcp_programs() -> PathBuf {
    let folder = folder().join("rmcp");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--locked", "--bins", "--examples", "--manifest-path"]);
    build.arg(folder.join("Cargo.toml"));
    // They are in another workspace, with another target directory.
    let built = build.env_remove("CARGO_TARGET_DIR").status().expect("cargo runs");
    assert!(built.success(), "the build of the programs of rmcp failed");
    folder.join("target/debug")
}

/// Returns a command that runs a script of a package with Node 22. Both are installed with the
/// official suite.
pub(crate) fn node_22(script: &str) -> Command {
    let modules = folder().join("../suite/node_modules");
    require(&modules.join(".package-lock.json"), INSTALL_SUITE);
    let mut command = Command::new(modules.join(".bin/node"));
    command.arg(modules.join(script));
    command
}

/// Panics if the file `stamp`, which the installation writes last, is missing.
fn require(stamp: &Path, install: &str) {
    assert!(stamp.exists(), "{} is missing: run `{install}`", stamp.display());
}
