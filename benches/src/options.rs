//! What a run is told on its command line, the same for all benches.

use std::{env, path::PathBuf, time::Duration};

use crate::{Error, packages, session::Server};

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// `--modern`: requests of 2026-07-28, where a bench does one era at a time.
    pub modern: bool,
    /// `--rounds N`: interleaved rounds.
    pub rounds: usize,
    /// `--seconds S`: how long each load lasts.
    pub time: Duration,
    /// `--only NAME,NAME`: who takes part; all if none.
    pub only: Option<Vec<String>>,
    /// `--workload TEXT`: only workloads whose names hold this, and nothing but loads.
    pub workload: Option<String>,
    /// `--server NAME=COMMAND`: more servers; each gets `--tools N` besides.
    pub more: Vec<Server>,
}

impl Options {
    /// Reads the command line.
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
            let mut value = || arguments.next().ok_or_else(|| format!("{option} wants a value"));
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
                        value.split_once('=').ok_or("--server wants NAME=COMMAND")?;
                    let command = command.split_whitespace().map(str::to_owned).collect();
                    options.more.push(Server { name: name.to_owned(), command });
                }
                _ => return Err(format!("unknown option {option}").into()),
            }
        }
        Ok(options)
    }

    /// Whether this one takes part.
    pub fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|wanted| wanted == name))
    }

    /// Those who are wanted, each with its name, program and arguments.
    pub fn choose(&self, programs: &[PathBuf], entries: &[(&str, &str, &[&str])]) -> Vec<Server> {
        let wanted = entries.iter().filter(|(name, ..)| self.wants(name));
        let found = wanted.filter_map(|&(name, program, flags)| {
            let program = packages::find(programs, program)?;
            let command =
                [program].into_iter().chain(flags.iter().map(|&flag| flag.to_owned())).collect();
            Some(Server { name: name.to_owned(), command })
        });
        found.collect()
    }
}
