//! The steps of a command, with their durations. All steps run, so that one run shows all failures.

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
    outcome: Outcome,
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    NotRun(String),
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self { done: Vec::new() }
    }

    /// Runs `step` under `title`.
    pub(crate) fn step(&mut self, title: &str, step: impl FnOnce() -> Result<(), String>) {
        self.optional(title, || step().map(|()| None));
    }

    /// Runs `step` under `title`. If it returns a reason, the summary says that the step, or a part
    /// of it, was not run.
    pub(crate) fn optional(
        &mut self,
        title: &str,
        step: impl FnOnce() -> Result<Option<String>, String>,
    ) {
        eprintln!("\n== {title}");
        let start = Instant::now();
        let outcome = match step() {
            Ok(None) => Outcome::Passed,
            Ok(Some(reason)) => Outcome::NotRun(reason),
            Err(failure) => {
                eprintln!("{failure}");
                Outcome::Failed
            }
        };
        self.done.push(Step { title: title.to_owned(), time: start.elapsed(), outcome });
    }

    /// Runs `command` under `title`.
    pub(crate) fn command(&mut self, title: &str, command: &mut Command) {
        self.step(title, || succeed(command));
    }

    /// Prints the duration and the outcome of each step. Returns an error if one failed.
    pub(crate) fn finish(self) -> Result<(), String> {
        eprintln!();
        for step in &self.done {
            let (end, reason) = match &step.outcome {
                Outcome::Passed => ("ok", String::new()),
                Outcome::Failed => ("FAILED", String::new()),
                Outcome::NotRun(reason) => ("NOT RUN", format!(": {reason}")),
            };
            eprintln!("{:7.1} s  {end:7}  {}{reason}", step.time.as_secs_f64(), step.title);
        }
        let total: Duration = self.done.iter().map(|step| step.time).sum();
        eprintln!("{:7.1} s  in all", total.as_secs_f64());
        let failed = self.done.iter().filter(|step| step.outcome == Outcome::Failed).count();
        if failed == 0 {
            Ok(())
        } else {
            Err(format!("{failed} of {} steps failed", self.done.len()))
        }
    }
}

/// Returns the command `cargo` with `arguments`, which are words separated by spaces.
pub(crate) fn cargo(arguments: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // `cargo run` sets variables that describe this package. Build scripts that watch them would
    // run again after each switch between `cargo` and `cargo xtask`.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command.current_dir(crate::repository::root()).args(arguments.split_whitespace());
    command
}

/// Runs `command`. Returns an error if it fails.
pub(crate) fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("{command:?} cannot start: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{} failed ({status})", words(command))) }
}

/// Runs `command` and returns its standard output.
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
fn all_steps_run_and_a_failed_step_fails_the_run() {
    let mut steps = Steps::new();
    let mut ran = false;
    steps.step("one", || Err("wrong".to_owned()));
    steps.optional("none", || Ok(Some("it is not installed".to_owned())));
    steps.step("two", || {
        ran = true;
        Ok(())
    });
    assert_eq!(steps.finish().unwrap_err(), "1 of 3 steps failed");
    assert!(ran);
    assert_eq!(Steps::new().finish(), Ok(()));
}
