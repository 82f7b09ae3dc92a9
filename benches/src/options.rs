//! The command line, the same for all benches.

use std::{env, path::PathBuf, time::Duration};

use crate::{Error, packages, session::Server};

/// The options of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// `--modern`: sends requests of 2026-07-28. For benches that measure one era per run.
    pub modern: bool,
    /// `--rounds N`: the number of rounds.
    pub rounds: usize,
    /// `--seconds S`: the duration of each load.
    pub time: Duration,
    /// `--only NAME,NAME`: the participants to measure. All if absent.
    pub only: Option<Vec<String>>,
    /// `--workload TEXT`: measures only the workloads whose names contain the text, and no targets.
    pub workload: Option<String>,
    /// `--server NAME=COMMAND`: additional servers. `--tools N` is appended to the command.
    pub more: Vec<Server>,
}

impl Options {
    /// Parses the command line.
    pub fn parse() -> Result<Options, Error> {
        let mut options = Options {
            modern: false,
            rounds: 4,
            time: Duration::from_millis(700),
            only: None,
            workload: None,
            more: vec![],
        };
        let mut arguments = env::args().skip(1);
        while let Some(option) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{option} requires a value"));
            match option.as_str() {
                "--modern" => options.modern = true,
                "--rounds" => options.rounds = value()?.parse::<usize>()?.clamp(1, 100),
                "--seconds" => {
                    options.time =
                        Duration::from_secs_f64(value()?.parse::<f64>()?.clamp(0.01, 60.0));
                }
                "--only" => options.only = Some(value()?.split(',').map(str::to_owned).collect()),
                "--workload" => options.workload = Some(value()?),
                "--server" => {
                    let value = value()?;
                    let (name, command) =
                        value.split_once('=').ok_or("--server requires NAME=COMMAND")?;
                    let command = command.split_whitespace().map(str::to_owned).collect();
                    options.more.push(Server { name: name.to_owned(), command });
                }
                _ => return Err(format!("unknown option {option}").into()),
            }
        }
        Ok(options)
    }

    /// Whether to measure the participant with this name.
    pub fn includes(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|included| included == name))
    }

    /// Returns the participants to measure. An entry is a name, a program and its arguments.
    pub fn choose(&self, programs: &[PathBuf], entries: &[(&str, &str, &[&str])]) -> Vec<Server> {
        let included = entries.iter().filter(|(name, ..)| self.includes(name));
        let found = included.filter_map(|&(name, program, flags)| {
            let program = packages::find(programs, program)?;
            let command =
                [program].into_iter().chain(flags.iter().map(|&flag| flag.to_owned())).collect();
            Some(Server { name: name.to_owned(), command })
        });
        found.collect()
    }
}
