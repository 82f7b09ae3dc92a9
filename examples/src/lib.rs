//! Example programs, one in each file of `examples/`. The head of each file says what it shows, how
//! to run it and what it prints. This library holds what several of them need.

use std::path::PathBuf;
use std::process::Command;

/// Returns the command that starts another example of this crate, and builds it if necessary.
///
/// # Errors
/// The path of this program is unknown, or the example cannot be built.
pub fn example(name: &str) -> std::io::Result<Command> {
    let mut path: PathBuf = std::env::current_exe()?;
    path.set_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--example", name]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        let status = build.status()?;
        if !status.success() {
            return Err(std::io::Error::other(format!(
                "the example {name} cannot be built: {status}"
            )));
        }
    }
    Ok(Command::new(path))
}

/// The page about telemetry, so that the tests compile its programs. The other pages are in
/// `conformance-tests/src/guides.rs`, where all other features are on.
#[cfg(all(doctest, feature = "otel"))]
#[doc = include_str!("../../docs/observability.md")]
mod observability {}

/// The page about jsonrpsee.
#[cfg(all(doctest, feature = "jsonrpsee"))]
#[doc = include_str!("../../docs/jsonrpsee.md")]
mod jsonrpsee {}
