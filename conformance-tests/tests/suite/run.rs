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
    /// The suite, or `None` with a word about it where it is not installed.
    ///
    /// # Panics
    ///
    /// With `CI` set, where it must be installed.
    pub(crate) fn installed() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("suite");
        if folder.join("node_modules/.bin/node").exists() {
            return Some(Self { folder });
        }
        assert!(std::env::var_os("CI").is_none(), "run `npm ci --prefix conformance-tests/suite` first");
        eprintln!("skipped: the suite is not installed (npm ci --prefix conformance-tests/suite)");
        None
    }

    /// Runs it with `arguments`, of which the first is the role that is under test (`server`, `client`).
    /// Its files stay in a directory of Cargo's, named `name`, until the next run of that name.
    pub(crate) fn run(&self, name: &str, arguments: &[&str]) -> Outcome {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("suite").join(name);
        drop(std::fs::remove_dir_all(&out));
        let output = Command::new(self.folder.join("node_modules/.bin/node"))
            .arg(self.folder.join("node_modules/@modelcontextprotocol/conformance/dist/index.js"))
            .args(arguments)
            .arg("-o")
            .arg(&out)
            .output()
            .unwrap();
        let said = || String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(out.exists(), "{arguments:?} ran no scenario:\n{}", said());
        let scenarios = scenario::read(&out);
        assert!(!scenarios.is_empty(), "{arguments:?} ran no scenario:\n{}", said());
        Outcome { scenarios, status: output.status }
    }
}
