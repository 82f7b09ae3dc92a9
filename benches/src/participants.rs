//! The servers and clients that are compared, and how they are started.

use std::process::Command;

use crate::messages::Era;

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

/// How a server is started. A server ignores arguments that it does not support.
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

/// Returns the names of participants, for the head of a table.
pub fn names(participants: &[Participant]) -> Vec<&str> {
    participants.iter().map(|participant| participant.name.as_str()).collect()
}
