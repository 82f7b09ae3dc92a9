//! Runs a program under `valgrind --tool=callgrind`.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::{Error, packages};

/// Returns an error that says what to do if valgrind is not installed.
pub fn check_installed() -> Result<(), Error> {
    let version = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    match version {
        Ok(status) if status.success() => Ok(()),
        _ => Err("valgrind is not installed: install the package `valgrind` to count instructions"
            .into()),
    }
}

/// The log of one run.
#[derive(Debug)]
pub struct Callgrind {
    log: PathBuf,
}

impl Callgrind {
    /// Prepares a run whose name is unique among those that run at the same time.
    pub fn new(name: &str) -> Result<Callgrind, Error> {
        let directory = packages::target_directory()?.join("instructions");
        fs::create_dir_all(&directory)?;
        Ok(Callgrind { log: directory.join(name).with_extension("log") })
    }

    /// Returns the command that runs `program` under callgrind. Its children run without it.
    pub fn command(&self, program: &Command) -> Command {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        command.arg(format!("--log-file={}", self.log.display()));
        command.arg(program.get_program()).args(program.get_args());
        command
    }

    /// Returns the number of instructions, after the program has exited. Removes the log.
    pub fn count(self) -> Result<u64, Error> {
        let log = fs::read_to_string(&self.log)?;
        let _ = fs::remove_file(&self.log);
        parse(&log).ok_or_else(|| format!("no count of instructions in the log:\n{log}").into())
    }
}

/// Finds the total in a line such as `==42== I   refs:      1,234,567`.
fn parse(log: &str) -> Option<u64> {
    let (_, count) = log.lines().find_map(|line| line.split_once("refs:"))?;
    count.replace(',', "").trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_the_log() {
        let log = "==42== Events    : Ir\n==42== Collected : 1234567\n==42==\n\
                   ==42== I   refs:      1,234,567\n";
        assert_eq!(parse(log), Some(1_234_567));
        assert_eq!(parse("==42== Command: server\n"), None);
    }
}
