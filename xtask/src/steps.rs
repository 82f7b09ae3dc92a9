//! The steps of a command, each with its time. All of them run, so that one run shows everything
//! that is wrong.

use std::{
    env,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

pub(crate) struct Steps {
    done: Vec<Step>,
}

struct Step {
    title: String,
    time: Duration,
    failure: Option<String>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self { done: Vec::new() }
    }

    /// Runs `step` under `title`.
    pub(crate) fn step(&mut self, title: &str, step: impl FnOnce() -> Result<(), String>) {
        eprintln!("\n== {title}");
        let start = Instant::now();
        let failure = step().err();
        if let Some(failure) = &failure {
            eprintln!("{failure}");
        }
        self.done.push(Step { title: title.to_owned(), time: start.elapsed(), failure });
    }

    /// Runs `command` under `title`.
    pub(crate) fn command(&mut self, title: &str, command: &mut Command) {
        self.step(title, || succeed(command));
    }

    /// Prints how long each step took and how it ended; an error if one failed.
    pub(crate) fn finish(self) -> Result<(), String> {
        eprintln!();
        for step in &self.done {
            let end = if step.failure.is_some() { "FAILED" } else { "ok" };
            eprintln!("{:7.1} s  {end:6}  {}", step.time.as_secs_f64(), step.title);
        }
        let total: Duration = self.done.iter().map(|step| step.time).sum();
        eprintln!("{:7.1} s  in all", total.as_secs_f64());
        let failed = self.done.iter().filter(|step| step.failure.is_some()).count();
        if failed == 0 {
            Ok(())
        } else {
            Err(format!("{failed} of {} steps failed", self.done.len()))
        }
    }
}

/// `cargo` with `arguments`, which are words separated by spaces.
pub(crate) fn cargo(arguments: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // `cargo run` describes this package to this process. Build scripts that watch those variables
    // would run again for each change between `cargo` and `cargo xtask`.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command.current_dir(crate::repository::root()).args(arguments.split_whitespace());
    command
}

/// Runs `command`; an error if it fails.
pub(crate) fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?} cannot start: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", words(command))) }
}

/// Runs `command` and returns what it prints on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let command = command.stderr(Stdio::inherit());
    let output = command.output().map_err(|error| format!("{command:?} cannot start: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("{} failed ({})", words(command), output.status))
    }
}

fn words(command: &Command) -> String {
    let arguments = command.get_args().map(|argument| format!(" {}", argument.to_string_lossy()));
    command.get_program().to_string_lossy().into_owned() + &arguments.collect::<String>()
}

#[test]
fn all_steps_run_and_one_that_fails_fails_the_run() {
    let mut steps = Steps::new();
    let mut ran = false;
    steps.step("one", || Err("wrong".to_owned()));
    steps.step("two", || {
        ran = true;
        Ok(())
    });
    assert_eq!(steps.finish().unwrap_err(), "1 of 2 steps failed");
    assert!(ran);
    assert_eq!(Steps::new().finish(), Ok(()));
}
