//! Builds the programs of the participants.

use std::path::PathBuf;

use crate::{
    Error,
    options::Options,
    packages,
    participants::{FLOOR, OURS, OURS_LTO, Participant, RMCP, RMCP_PIPES, RMCP_STDIO},
};

/// The programs that were built.
#[derive(Clone, Debug)]
pub struct Programs {
    plain: Vec<PathBuf>,
    lto: Vec<PathBuf>,
    rmcp: Vec<PathBuf>,
    more: Vec<Participant>,
}

/// The programs of this package that are measured.
const MEASURED: [&str; 5] = [
    "floor-stdio-server",
    "floor-http-server",
    "bench-stdio-server",
    "bench-http-server",
    "bench-client",
];

impl Programs {
    /// Builds the programs of the participants that the options include.
    pub fn build(options: &Options) -> Result<Programs, Error> {
        let build_if = |included, package, profile, binaries: &[&str]| match included {
            true => packages::build(package, profile, binaries),
            false => Ok(vec![]),
        };
        Ok(Programs {
            // The floor is always needed: clients are measured against it.
            plain: packages::build("", "plain", &MEASURED)?,
            lto: build_if(options.includes(OURS_LTO), "", "release", &MEASURED[2..])?,
            rmcp: build_if(
                [RMCP, RMCP_STDIO, RMCP_PIPES].iter().any(|name| options.includes(name)),
                "peers/rmcp",
                "release",
                &["rmcp-stdio-server", "rmcp-http-server", "rmcp-client"],
            )?,
            more: options.more.clone(),
        })
    }

    /// Returns the stdio servers to measure.
    pub fn stdio_servers(&self, options: &Options) -> Vec<Participant> {
        let entries: [(&str, &[PathBuf], &str, &[&str]); 5] = [
            (FLOOR, &self.plain, "floor-stdio-server", &[]),
            (OURS, &self.plain, "bench-stdio-server", &[]),
            (OURS_LTO, &self.lto, "bench-stdio-server", &[]),
            (RMCP_STDIO, &self.rmcp, "rmcp-stdio-server", &[]),
            (RMCP_PIPES, &self.rmcp, "rmcp-stdio-server", &["--pipes"]),
        ];
        [included(options, &entries), self.more.clone()].concat()
    }

    /// Returns the HTTP servers to measure.
    pub fn http_servers(&self, options: &Options) -> Vec<Participant> {
        let entries: [(&str, &[PathBuf], &str, &[&str]); 4] = [
            (FLOOR, &self.plain, "floor-http-server", &[]),
            (OURS, &self.plain, "bench-http-server", &[]),
            (OURS_LTO, &self.lto, "bench-http-server", &[]),
            (RMCP, &self.rmcp, "rmcp-http-server", &[]),
        ];
        [included(options, &entries), self.more.clone()].concat()
    }

    /// Returns the clients to measure.
    pub fn clients(&self, options: &Options) -> Vec<Participant> {
        let entries: [(&str, &[PathBuf], &str, &[&str]); 3] = [
            (OURS, &self.plain, "bench-client", &[]),
            (OURS_LTO, &self.lto, "bench-client", &[]),
            (RMCP, &self.rmcp, "rmcp-client", &[]),
        ];
        included(options, &entries)
    }

    /// Returns the floor server over stdio, against which clients are measured.
    pub fn stdio_floor(&self) -> Result<Participant, Error> {
        floor(&self.plain, "floor-stdio-server")
    }

    /// Returns the floor server over HTTP, against which clients are measured.
    pub fn http_floor(&self) -> Result<Participant, Error> {
        floor(&self.plain, "floor-http-server")
    }
}

fn floor(programs: &[PathBuf], name: &str) -> Result<Participant, Error> {
    let program = packages::find(programs, name).ok_or_else(|| format!("{name} was not built"))?;
    Ok(Participant { name: FLOOR.to_owned(), command: vec![program] })
}

fn included(options: &Options, entries: &[(&str, &[PathBuf], &str, &[&str])]) -> Vec<Participant> {
    let included = entries.iter().filter(|(name, ..)| options.includes(name));
    let found = included.filter_map(|&(name, programs, program, flags)| {
        let program = packages::find(programs, program)?;
        let command = [program].into_iter().chain(flags.iter().map(|&flag| flag.to_owned()));
        Some(Participant { name: name.to_owned(), command: command.collect() })
    });
    found.collect()
}
