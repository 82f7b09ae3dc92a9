//! The machine and the versions that a run was measured with.

use std::{fs, process::Command, thread};

use serde::{Deserialize, Serialize};

use crate::packages;

/// The circumstances of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The day, such as `2026-11-28`.
    pub date: String,
    /// The abbreviated commit.
    pub commit: String,
    /// Number of cores and model of the processor.
    pub processor: String,
    /// The version of the kernel.
    pub kernel: String,
    /// The version of the compiler.
    pub rustc: String,
    /// The version of rmcp.
    pub rmcp: String,
    /// The load average after the run.
    pub load: String,
}

impl Machine {
    /// Describes this machine, as far as it is known.
    pub fn now() -> Machine {
        let cores = thread::available_parallelism().map_or(0, usize::from);
        let cpuinfo = read("/proc/cpuinfo");
        let model =
            cpuinfo.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let (_, model) = model.unwrap_or(("", "an unknown processor"));
        let lock = packages::manifest("peers/rmcp").with_file_name("Cargo.lock");
        let lock = fs::read_to_string(lock).unwrap_or_default();
        let rmcp = lock
            .split_once("name = \"rmcp\"\nversion = \"")
            .and_then(|(_, rest)| rest.split('"').next());
        Machine {
            date: output("date", &["-u", "+%Y-%m-%d"]),
            commit: output("git", &["describe", "--always", "--dirty"]),
            processor: format!("{cores} cores of {model}"),
            kernel: read("/proc/sys/kernel/osrelease"),
            rustc: output("rustc", &["--version"]).split(' ').nth(1).unwrap_or_default().to_owned(),
            rmcp: rmcp.unwrap_or_default().to_owned(),
            load: read("/proc/loadavg").split(' ').take(1).collect(),
        }
    }

    /// Returns a sentence.
    pub fn describe(&self) -> String {
        let Machine { date, commit, processor, kernel, rustc, rmcp, load } = self;
        format!(
            "Measured {date} at commit {commit}: {processor}, Linux {kernel}, rustc {rustc}, rmcp \
             {rmcp}, load average {load}."
        )
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default()
}
