//! Running the suite.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::scenario::{self, Scenarios};

/// The suite, where it is installed.
pub(crate) struct Suite {
    folder: PathBuf,
}

/// What one run of it came to.
pub(crate) struct Outcome {
    pub(crate) scenarios: Scenarios,
    /// Of the suite's own process.
    pub(crate) status: ExitStatus,
}

impl Suite {
    /// The suite.
    ///
    /// # Panics
    ///
    /// Where it is not installed; the tests are ignored there (`build.rs`), except with `CI=true`.
    pub(crate) fn installed() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite");
        let sign = folder.join("node_modules/.package-lock.json");
        assert!(
            sign.exists(),
            "the suite is not installed: run `npm ci --prefix conformance-tests/suite`"
        );
        Self { folder }
    }

    /// What `list` says with `arguments`.
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

    /// Runs it with `arguments`, of which the first is the role that is under test (`server`,
    /// `client`). Its files stay in a directory of Cargo's, named `name`, until the next run of
    /// that name.
    pub(crate) fn run(&self, name: &str, arguments: &[&str]) -> Outcome {
        let out = directory(name);
        drop(std::fs::remove_dir_all(&out));
        let output = self.command().args(arguments).arg("-o").arg(&out).output().unwrap();
        let said =
            || String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(out.exists(), "{arguments:?} ran no scenario:\n{}", said());
        let scenarios = scenario::read(&out);
        assert!(!scenarios.is_empty(), "{arguments:?} ran no scenario:\n{}", said());
        Outcome { scenarios, status: output.status }
    }

    /// What the client wrote to standard error in the last run named `name`, of one scenario.
    pub(crate) fn client_said(&self, name: &str) -> String {
        scenario::file(&directory(name), "stderr.txt").unwrap_or_default()
    }
}

fn directory(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("suite").join(name)
}
