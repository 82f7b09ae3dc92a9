//! The official conformance suite against the everything server, over HTTP. Every scenario passes, without a
//! failure and without a warning, save those of `PENDING`.
//!
//! `npm ci --prefix conformance-tests/suite` installs it; without it the test is skipped, unless `CI` is set.
//! With `WRITE_CONFORMANCE` set, the table of `docs/conformance.md` is written anew; else it is compared.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod scenario;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use scenario::{Check, Status, count};

/// Beginnings of the names of scenarios that need what is not built yet.
const PENDING: [&str; 2] = ["tasks-", "sep-2640-"];

/// The runs: a heading and the arguments of the suite.
const RUNS: [(&str, &[&str]); 1] = [("2026-07-28", &["--requirements", "2026-07-28"])];

struct EverythingServer {
    child: Child,
    url: String,
}

impl EverythingServer {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_everything-server"))
            .args(["--http", "127.0.0.1:0"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap();
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| eprintln!("{line}")));
        Self { child, url }
    }
}

impl Drop for EverythingServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn run(suite: &Path, url: &str, arguments: &[&str], out: &Path) -> BTreeMap<String, Vec<Check>> {
    let said = Command::new(suite.join("node_modules/.bin/node"))
        .arg(suite.join("node_modules/@modelcontextprotocol/conformance/dist/index.js"))
        .args(["server", "--url", url])
        .args(arguments)
        .arg("-o")
        .arg(out)
        .output()
        .unwrap();
    let scenarios = scenario::read(out);
    assert!(scenarios.len() > 20, "{}", String::from_utf8_lossy(&said.stdout));
    scenarios
}

fn is_pending(name: &str) -> bool {
    PENDING.iter().any(|prefix| name.starts_with(prefix))
}

#[test]
fn every_scenario_passes_without_a_warning() {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let suite = here.join("suite");
    if !suite.join("node_modules/.bin/node").exists() {
        assert!(std::env::var_os("CI").is_none(), "run `npm ci --prefix conformance-tests/suite` first");
        eprintln!("skipped: the suite is not installed (npm ci --prefix conformance-tests/suite)");
        return;
    }
    let server = EverythingServer::start();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("suite");
    drop(std::fs::remove_dir_all(&out));
    let mut table = String::from(include_str!("heading.md"));
    let mut bad = Vec::new();
    for (heading, arguments) in RUNS {
        let scenarios = run(&suite, &server.url, arguments, &out.join(heading));
        writeln!(table, "\n## {heading}\n\n| scenario | passed | failed | warnings |\n|---|---|---|---|")
            .unwrap();
        for (name, checks) in &scenarios {
            if is_pending(name) {
                writeln!(table, "| {name} | not yet | | |").unwrap();
                continue;
            }
            for check in checks {
                if matches!(check.status, Status::Failure | Status::Warning) {
                    let why = check.error_message.as_deref().unwrap_or_default();
                    bad.push(format!("{heading} {name} {} {:?}: {why}", check.id, check.status));
                }
            }
            let [passed, failed, warned] =
                [Status::Success, Status::Failure, Status::Warning].map(|status| count(checks, status));
            writeln!(table, "| {name} | {passed} | {failed} | {warned} |").unwrap();
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
    let kept = here.join("../docs/conformance.md");
    if std::env::var_os("WRITE_CONFORMANCE").is_some() {
        std::fs::write(&kept, &table).unwrap();
    }
    let before = std::fs::read_to_string(&kept).unwrap_or_default();
    assert_eq!(before, table, "docs/conformance.md is out of date: run this test with WRITE_CONFORMANCE=1");
}
