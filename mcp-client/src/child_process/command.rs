//! What to start, and how.

use std::fmt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::environment::{self, Inherit};
use super::process::Process;
use super::stderr::Sink;
use crate::error::{Error, ErrorKind};

/// A server's command line with what the client does around it.
///
/// Made from a [`std::process::Command`] or a [`tokio::process::Command`], whose arguments, directory and
/// environment settings are kept; standard input, output and error become pipes. No shell is involved.
///
/// ```
/// use std::process::Command;
/// use mcp_client::ChildCommand;
///
/// let command = ChildCommand::from(Command::new("notes-server"))
///     .on_stderr(|line| eprintln!("notes: {line}"));
/// ```
pub struct ChildCommand {
    command: Command,
    inherit: Inherit,
    stderr: Sink,
    eof_patience: Duration,
    term_patience: Duration,
    prepared: bool,
}

impl ChildCommand {
    /// Lets the child have our whole environment.
    ///
    /// By default it gets HOME, LOGNAME, PATH, SHELL, TERM and USER (on Windows their like), and what the
    /// command sets.
    #[must_use]
    pub fn inherit_env(mut self, inherit: bool) -> Self {
        self.inherit = if inherit { Inherit::Everything } else { Inherit::Allowed };
        self
    }

    /// Takes what the child writes to its standard error, line by line, cut at 8 KiB.
    ///
    /// By default the lines go to `tracing` (target `mcp_client::stderr`, level info). They are no errors:
    /// servers log there. The callback must not block.
    #[must_use]
    pub fn on_stderr(mut self, take: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.stderr = Sink::Callback(Arc::new(take));
        self
    }

    /// How long the child has to exit after its input was closed, before it gets SIGTERM. 2 s.
    #[must_use]
    pub fn eof_patience(mut self, patience: Duration) -> Self {
        self.eof_patience = patience;
        self
    }

    /// How long the child has to exit after SIGTERM, before it gets SIGKILL. 2 s.
    #[must_use]
    pub fn term_patience(mut self, patience: Duration) -> Self {
        self.term_patience = patience;
        self
    }

    /// Starts the child; may be called again to start another one. Needs a tokio runtime.
    pub(crate) fn spawn(&mut self) -> Result<Process, Error> {
        if !self.prepared {
            self.prepared = true;
            environment::apply(&mut self.command, self.inherit);
            self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            #[cfg(unix)]
            std::os::unix::process::CommandExt::process_group(&mut self.command, 0);
        }
        Process::spawn(
            &mut self.command,
            self.stderr.clone(),
            self.eof_patience,
            self.term_patience,
        )
        .map_err(|error| {
            let program = self.command.get_program().display();
            Error::io(ErrorKind::Spawn, format!("the server {program} could not be started"), error)
        })
    }
}

impl From<Command> for ChildCommand {
    fn from(command: Command) -> Self {
        Self {
            command,
            inherit: Inherit::Allowed,
            stderr: Sink::Tracing,
            eof_patience: Duration::from_secs(2),
            term_patience: Duration::from_secs(2),
            prepared: false,
        }
    }
}

impl From<tokio::process::Command> for ChildCommand {
    fn from(command: tokio::process::Command) -> Self {
        command.into_std().into()
    }
}

impl fmt::Debug for ChildCommand {
    /// Prints program and arguments; the environment may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildCommand")
            .field("program", &self.command.get_program())
            .field("args", &self.command.get_args().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
