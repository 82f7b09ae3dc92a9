//! The commands of developers and of the gate: `cargo xtask <command>`.

mod bless;
mod ci;
mod fast;
mod files;
mod fuzz;
mod hosts;
mod kill;
mod limited;
mod listening;
mod newcomer;
mod repository;
mod steps;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask <command>

  fast                    to run before each commit: format, lints, quick tests, tidy
  ci                      the gate, without the installations of .ci/run
  tidy [--rule NAME]...   checks the rules of this repository
  bless [NAME]...         rewrites expected texts: goldens, revisions, limits, guide,
                          compile-fail, conformance (default: all)
  newcomer                builds the first programs of the guide with packaged crates, and calls
                          them from hosts
  fuzz TARGET|all [--seconds N]
                          runs a fuzz target on random mutations, on all cores
  kill [VARIANT] [--rounds N] [--tasks N] [--seed N]
                          kills servers and stores (audit, redb or redis; default all)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("", &[] as &[String]),
    };
    let result = match command {
        "fast" => no_arguments(rest).and_then(|()| fast::run()),
        "ci" => no_arguments(rest).and_then(|()| ci::run()),
        "tidy" => tidy::run(rest),
        "bless" => bless::run(rest),
        "fuzz" => fuzz::run(rest),
        "newcomer" => no_arguments(rest)
            .and_then(|()| newcomer::run())
            .and_then(|not_run| not_run.map_or(Ok(()), Err)),
        "kill" => kill::run(rest),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn no_arguments(rest: &[String]) -> Result<(), String> {
    match rest {
        [] => Ok(()),
        [first, ..] => Err(format!("unknown argument `{first}`\n\n{USAGE}")),
    }
}
