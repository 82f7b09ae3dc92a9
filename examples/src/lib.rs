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

/// The README and the guides, so that the tests compile their programs.
#[cfg(doctest)]
mod guides {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/server.md")]
    struct Server;
    #[doc = include_str!("../../docs/testing.md")]
    struct Testing;
    #[doc = include_str!("../../docs/input.md")]
    struct Input;
    #[doc = include_str!("../../docs/client.md")]
    struct Client;
    #[doc = include_str!("../../docs/tasks.md")]
    struct Tasks;
    #[doc = include_str!("../../docs/authorization.md")]
    struct Authorization;
    #[doc = include_str!("../../docs/protecting-a-server.md")]
    struct ProtectingAServer;
    #[doc = include_str!("../../docs/policy-and-audit.md")]
    struct PolicyAndAudit;
    #[cfg(feature = "jsonrpsee")]
    #[doc = include_str!("../../docs/jsonrpsee.md")]
    struct Jsonrpsee;
    #[cfg(feature = "otel")]
    #[doc = include_str!("../../docs/observability.md")]
    struct Observability;
}
