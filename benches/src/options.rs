//! The command line, the same for all benches.

use std::{env, time::Duration};

use crate::{
    Error,
    messages::Era,
    participants::{Participant, RMCP},
};

/// The options of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// `--rounds N`: the number of rounds.
    pub rounds: usize,
    /// `--seconds S`: the duration of each load.
    pub time: Duration,
    /// `--only NAME,NAME`: the participants to measure; `rmcp` includes all its forms. All if
    /// absent.
    pub only: Option<Vec<String>>,
    /// `--row TEXT`, several times: measures only the rows whose names contain one of the texts.
    pub rows: Vec<String>,
    /// `--revision R`: measures only the requests of this revision.
    pub era: Option<Era>,
    /// `--bench NAME`, several times, for `results`: measures only these benches.
    pub benches: Vec<String>,
    /// `--render`, for `results`: measures nothing, and writes the documents again.
    pub render: bool,
    /// `--server NAME=COMMAND`, several times: additional servers. The flags of the other servers
    /// are appended to the command.
    pub more: Vec<Participant>,
}

impl Options {
    /// Parses the command line of this process.
    pub fn from_arguments() -> Result<Options, Error> {
        Options::parse(env::args().skip(1))
    }

    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, Error> {
        let mut options = Options {
            rounds: 3,
            time: Duration::from_millis(400),
            only: None,
            rows: vec![],
            era: None,
            benches: vec![],
            render: false,
            more: vec![],
        };
        while let Some(option) = arguments.next() {
            if option == "--render" {
                options.render = true;
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("{option} requires a value"));
            match option.as_str() {
                "--rounds" => options.rounds = value?.parse::<usize>()?.clamp(1, 100),
                "--seconds" => {
                    let seconds = value?.parse::<f64>()?;
                    if seconds.is_nan() {
                        return Err("--seconds requires a number".into());
                    }
                    options.time = Duration::from_secs_f64(seconds.clamp(0.01, 60.0));
                }
                "--only" => options.only = Some(value?.split(',').map(str::to_owned).collect()),
                "--row" => options.rows.push(value?),
                "--bench" => options.benches.push(value?),
                "--revision" => {
                    let value = value?;
                    let era = Era::ALL.into_iter().find(|era| era.revision() == value);
                    options.era = Some(era.ok_or_else(|| {
                        format!("unknown revision {value}: it is 2025-11-25 or 2026-07-28")
                    })?);
                }
                "--server" => {
                    let value = value?;
                    let (name, command) =
                        value.split_once('=').ok_or("--server requires NAME=COMMAND")?;
                    let command: Vec<_> = command.split_whitespace().map(str::to_owned).collect();
                    if command.is_empty() {
                        return Err(format!("--server {name}= requires a command").into());
                    }
                    options.more.push(Participant { name: name.to_owned(), command });
                }
                _ => return Err(format!("unknown option {option}; see benches/README.md").into()),
            }
        }
        Ok(options)
    }

    /// Whether to measure the participant with this name.
    pub fn includes(&self, name: &str) -> bool {
        let Some(only) = &self.only else { return true };
        let is_form_of = |included: &str| included == RMCP && name.starts_with(RMCP);
        only.iter().any(|included| included == name || is_form_of(included))
    }

    /// Whether to measure the row with this name.
    pub fn includes_row(&self, name: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|text| name.contains(text.as_str()))
    }

    /// Whether to run the bench with this name.
    pub fn includes_bench(&self, name: &str) -> bool {
        self.benches.is_empty() || self.benches.iter().any(|included| included == name)
    }

    /// Whether everything is measured, so that no target may lack its figures.
    pub fn is_complete(&self) -> bool {
        self.only.is_none() && self.rows.is_empty() && self.era.is_none()
    }

    /// Returns the eras to measure.
    pub fn eras(&self) -> Vec<Era> {
        Era::ALL.into_iter().filter(|era| self.era.is_none_or(|only| only == *era)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, Error> {
        Options::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn rows_and_participants_are_chosen_by_name() {
        let options = parse("--row echo --only ours,rmcp --revision 2026-07-28").unwrap();
        assert!(options.includes_row("echo, 64 in flight") && !options.includes_row("list"));
        assert!(options.includes("ours") && options.includes("rmcp stdio()"));
        assert!(!options.includes("ours LTO") && !options.includes("floor"));
        assert_eq!(options.eras(), [Era::Modern]);
        assert!(!options.is_complete() && parse("--rounds 1").unwrap().is_complete());
    }

    #[test]
    fn an_unknown_option_or_revision_and_a_missing_value_are_errors() {
        for line in [
            "--quick yes",
            "--revision 2024",
            "--rounds",
            "--server ours",
            "--server x=",
            "--seconds nan",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
