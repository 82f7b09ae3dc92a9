//! Starts the suite and reads its output.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::scenario::{self, Scenarios};

/// The installed suite.
pub(crate) struct Suite {
    folder: PathBuf,
}

/// The outcome of a run of the suite.
pub(crate) struct Outcome {
    pub(crate) scenarios: Scenarios,
    /// The exit status of the suite.
    pub(crate) status: ExitStatus,
}

impl Suite {
    /// Returns the installed suite.
    ///
    /// # Panics
    ///
    /// If it is not installed. Tests are ignored then (`build.rs`), except with `CI=true`.
    pub(crate) fn installed() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite");
        let stamp = folder.join("node_modules/.package-lock.json");
        assert!(
            stamp.exists(),
            "the suite is not installed: run `npm ci --prefix conformance-tests/suite`"
        );
        Self { folder }
    }

    /// Returns the output of `list` with these arguments.
    pub(crate) fn list(&self, arguments: &[&str]) -> String {
        let output = self.command().arg("list").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(self.folder.join("node_modules/.bin/node"));
        command
            .arg(self.folder.join("node_modules/@modelcontextprotocol/conformance/dist/index.js"));
        command
    }

    /// Runs the suite with `arguments`; the first one is the role under test (`server`, `client`).
    /// The files of the run stay in Cargo's target directory until the next run with the same
    /// `name`.
    pub(crate) fn run(&self, name: &str, arguments: &[&str]) -> Outcome {
        let out = directory(name);
        drop(std::fs::remove_dir_all(&out));
        let output = self.command().args(arguments).arg("-o").arg(&out).output().unwrap();
        let printed =
            || String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(out.exists(), "{arguments:?} ran no scenario:\n{}", printed());
        let scenarios = scenario::read(&out);
        assert!(!scenarios.is_empty(), "{arguments:?} ran no scenario:\n{}", printed());
        Outcome { scenarios, status: output.status }
    }

    /// Returns the standard error of the client in the last run with this name, which ran one
    /// scenario.
    pub(crate) fn client_stderr(&self, name: &str) -> String {
        scenario::file(&directory(name), "stderr.txt").unwrap_or_default()
    }
}

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("suite").join(name)
}
