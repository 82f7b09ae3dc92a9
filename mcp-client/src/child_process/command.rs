//! What to start, and how.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::environment::{self, Inherit};
use super::process::Process;
use super::stderr::Sink;
use crate::error::{Error, ErrorKind};

/// A server's command line with what the client does around it.
///
/// Made from a [`std::process::Command`] or a [`tokio::process::Command`], whose arguments,
/// directory and environment settings are kept. Standard input, output and error become pipes. No
/// shell is involved.
///
/// The child is the leader of its own process group. When the client is closed or dropped the whole
/// group ends. If the host itself is killed (SIGKILL), no code of it runs any more: the child's
/// input is closed by the system, and a server that ignores the end of its input stays. The SDK
/// does not set `PR_SET_PDEATHSIG` against that: the signal is tied to the thread that started the
/// child, so that the end of a worker thread would kill a healthy server, and setting it needs
/// `unsafe` code between fork and exec. A host that needs the guarantee runs in a container or a
/// systemd scope of its own.
///
/// On Windows the child and all that it starts are in a job, which ends when the client does or
/// the host's process ends, however that happens. Creation flags of the command are not kept.
/// There is no gentle signal, so `kill_timeout` has no effect.
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
    exit_timeout: Duration,
    kill_timeout: Duration,
    prepared: bool,
}

impl ChildCommand {
    /// Passes the whole environment of this process on to the child.
    ///
    /// By default the child gets HOME, LOGNAME, PATH, SHELL, TERM and USER (on Windows their
    /// equivalents), except exported shell functions, and what the command sets.
    ///
    /// ```
    /// use std::process::Command;
    /// use mcp_client::ChildCommand;
    ///
    /// // A server that needs the proxy and locale settings of this process.
    /// let command = ChildCommand::from(Command::new("notes-server")).inherit_env(true);
    /// ```
    #[must_use]
    pub fn inherit_env(mut self, inherit: bool) -> Self {
        self.inherit = if inherit { Inherit::Everything } else { Inherit::Allowed };
        self
    }

    /// Takes what the child writes to its standard error, line by line, cut at 8 KiB.
    ///
    /// By default the lines go to `tracing` (target `mcp_client::stderr`, level info). They are not
    /// errors: servers log there. The callback must not block.
    ///
    /// ```
    /// use std::process::Command;
    /// use mcp_client::ChildCommand;
    ///
    /// let (lines, shown) = std::sync::mpsc::channel(); // to the log window of the host
    /// let command = ChildCommand::from(Command::new("notes-server")).on_stderr(move |line| {
    ///     let _ = lines.send(line.to_owned());
    /// });
    /// ```
    #[must_use]
    pub fn on_stderr(mut self, take: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.stderr = Sink::Callback(Arc::new(take));
        self
    }

    /// How long the child has to exit after its input was closed, before it gets SIGTERM. 2 s.
    ///
    /// ```
    /// use std::process::Command;
    /// use std::time::Duration;
    /// use mcp_client::ChildCommand;
    ///
    /// // It writes its index to the disk before it exits.
    /// let command = ChildCommand::from(Command::new("notes-server"))
    ///     .exit_timeout(Duration::from_secs(10));
    /// ```
    #[must_use]
    pub fn exit_timeout(mut self, timeout: Duration) -> Self {
        self.exit_timeout = timeout;
        self
    }

    /// How long the child has to exit after SIGTERM, before it gets SIGKILL. 2 s.
    ///
    /// ```
    /// use std::process::Command;
    /// use std::time::Duration;
    /// use mcp_client::ChildCommand;
    ///
    /// // Closing takes at most a second.
    /// let command = ChildCommand::from(Command::new("notes-server"))
    ///     .exit_timeout(Duration::from_millis(500))
    ///     .kill_timeout(Duration::from_millis(500));
    /// ```
    #[must_use]
    pub fn kill_timeout(mut self, timeout: Duration) -> Self {
        self.kill_timeout = timeout;
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
        Process::spawn(&mut self.command, self.stderr.clone(), self.exit_timeout, self.kill_timeout)
            .map_err(|error| {
                let message = not_started(&self.command, &error);
                Error::io(ErrorKind::Spawn, message, error)
            })
    }
}

/// Why a program was not started, as far as the error of the system says so.
fn not_started(command: &Command, error: &io::Error) -> String {
    let program = command.get_program().display();
    let message = format!("the server {program} could not be started");
    let is_path = |program: &OsStr| program.as_encoded_bytes().iter().any(|it| b"/\\".contains(it));
    match (error.kind(), command.get_current_dir().filter(|folder| !folder.is_dir())) {
        (io::ErrorKind::NotFound, Some(folder)) => {
            format!("{message}: its directory {} does not exist", folder.display())
        }
        (io::ErrorKind::NotFound, None) if is_path(command.get_program()) => {
            format!(
                "{message}: there is no such file, or the interpreter in its first line is missing"
            )
        }
        (io::ErrorKind::NotFound, None) => format!(
            "{message}: there is no such program in PATH; check its name, or give its whole path"
        ),
        (io::ErrorKind::PermissionDenied, _) => {
            format!("{message}: this user may not execute it")
        }
        _ => message,
    }
}

impl From<Command> for ChildCommand {
    fn from(command: Command) -> Self {
        Self {
            command,
            inherit: Inherit::Allowed,
            stderr: Sink::Tracing,
            exit_timeout: Duration::from_secs(2),
            kill_timeout: Duration::from_secs(2),
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
    /// Prints the program and the number of arguments. Arguments and environment may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildCommand")
            .field("program", &self.command.get_program())
            .field("args", &self.command.get_args().count())
            .finish_non_exhaustive()
    }
}
