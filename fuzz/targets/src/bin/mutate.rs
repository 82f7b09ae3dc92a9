//! Runs a target on random mutations for a given time, on all cores; `cargo xtask fuzz` starts it.

use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mcp_fuzz_targets::{Report, TARGETS, Target, check_seeds, find, mutate, replay};

const USAGE: &str = "\
usage: cargo xtask fuzz <TARGET | all> [--seconds N] [--seed N]
       cargo xtask fuzz TARGET --replay FILE

Without --seconds, a target runs for 60 s.";

/// Executions between two looks at the clock.
const EXECUTIONS_PER_CHECK: u64 = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), String> {
    let [name, options @ ..] = arguments else { return Err(usage()) };
    let targets = match *name {
        "all" => TARGETS,
        name => std::slice::from_ref(find(name).ok_or_else(usage)?),
    };
    let (mut seconds, mut seed) = (60, clock_seed());
    let (options, rest) = options.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(usage());
    }
    for [option, value] in options {
        match *option {
            "--seconds" => seconds = value.parse().map_err(|_| usage())?,
            "--seed" => seed = value.parse().map_err(|_| usage())?,
            "--replay" => {
                let path = Path::new(value);
                let replay = |target| replay(target, path).map_err(|e| format!("{value}: {e}"));
                return targets.iter().try_for_each(replay);
            }
            _ => return Err(usage()),
        }
    }
    for target in targets {
        fuzz(target, Duration::from_secs(seconds), seed);
    }
    Ok(())
}

fn usage() -> String {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    format!("{USAGE}\ntargets: {}", names.join(", "))
}

/// Different in each run, so that repeated runs try different inputs.
fn clock_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_nanos() as u64)
}

fn fuzz(target: &'static Target, time: Duration, seed: u64) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let corpus = check_seeds(target);
    eprintln!("{}: {threads} threads, --seed {seed}", target.name);
    let start = Instant::now();
    let workers: Vec<_> = (0..threads as u64)
        .map(|worker| {
            thread::spawn(move || {
                mutate(target, seed.wrapping_add(worker), |executions| {
                    executions % EXECUTIONS_PER_CHECK != 0 || start.elapsed() < time
                })
            })
        })
        .collect();
    let mut total = Report::default();
    for worker in workers {
        // A panic has printed its message; it ends the program with an error.
        let report = worker.join().unwrap_or_else(|_| std::process::exit(1));
        total.executions += report.executions;
        total.slowest = total.slowest.max(report.slowest);
    }
    let rate = total.executions as f64 / start.elapsed().as_secs_f64();
    eprintln!(
        "{}: {} executions, {rate:.0} executions/s, slowest {:.1} ms, corpus of {corpus} inputs",
        target.name,
        total.executions,
        total.slowest.as_secs_f64() * 1_000.0
    );
}
