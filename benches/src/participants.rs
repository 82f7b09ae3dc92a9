//! The servers and clients that are compared, and how they are built and started.

use std::{path::PathBuf, process::Command};

use crate::{Error, messages::Era, options::Options, packages};

/// The practical lower limit of a server.
pub const FLOOR: &str = "floor";
/// This SDK, built with a user's plain release profile.
pub const OURS: &str = "ours";
/// This SDK, built with thin LTO and one codegen unit.
pub const OURS_LTO: &str = "ours LTO";
/// `rmcp` over HTTP, where it has only one form.
pub const RMCP: &str = "rmcp";
/// `rmcp` over stdio as its README shows it.
pub const RMCP_STDIO: &str = "rmcp stdio()";
/// `rmcp` over stdio as its documentation prefers it since 3.6.
pub const RMCP_PIPES: &str = "rmcp stdio_pipes()";
/// A client that writes raw bytes: the load generator.
pub const RAW: &str = "raw client";

/// The ratios that the tables of servers and clients show, as far as they have the columns.
pub const RATIOS: [(&str, &str); 5] =
    [(OURS, FLOOR), (OURS, RAW), (OURS, RMCP), (OURS, RMCP_STDIO), (OURS, RMCP_PIPES)];

/// A server or client to measure.
#[derive(Clone, Debug)]
pub struct Participant {
    /// The name of its column.
    pub name: String,
    /// The program and its arguments.
    pub command: Vec<String>,
}

/// How a server is started. Servers ignore what does not concern them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// The era of the requests. The floor serves only one.
    pub era: Era,
    /// The number of tools.
    pub tools: usize,
    /// Whether there are also the extra tools of [`fixture`](crate::fixture).
    pub extra: bool,
    /// Whether it serves HTTP/2 with prior knowledge.
    pub http2: bool,
}

impl Setup {
    /// A server with this number of tools and without extra ones.
    pub fn new(era: Era, tools: usize) -> Setup {
        Setup { era, tools, extra: false, http2: false }
    }

    /// A server with `echo`, `add` and the extra tools.
    pub fn extra(era: Era) -> Setup {
        Setup { extra: true, ..Setup::new(era, 2) }
    }

    /// Returns the arguments of the program.
    pub fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["--tools".to_owned(), self.tools.to_string()];
        let legacy = self.era == Era::Legacy;
        let flags = [("--extra", self.extra), ("--legacy", legacy), ("--http2", self.http2)];
        arguments
            .extend(flags.iter().filter(|(_, is_set)| *is_set).map(|(flag, _)| flag.to_string()));
        arguments
    }
}

impl Participant {
    /// Returns the command that starts it as a server.
    pub fn serve(&self, setup: &Setup) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).args(setup.arguments());
        command
    }
}

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

/// Returns the names of participants, for the head of a table.
pub fn names(participants: &[Participant]) -> Vec<&str> {
    participants.iter().map(|participant| participant.name.as_str()).collect()
}
