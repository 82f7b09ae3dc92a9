//! How a child ended, and what it was connected by.

use std::fmt;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

/// How long the output of an exited child is read before the rest of its group is killed. Fixed: it
/// is in the pipe already.
pub(super) const OUTPUT_TIMEOUT: Duration = Duration::from_millis(200);

/// Standard input, output and error of a child.
pub(super) type Pipes = (ChildStdin, ChildStdout, ChildStderr);

/// The child has exited. Its status is unknown if this program ignores SIGCHLD.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exit(pub(crate) Option<ExitStatus>);

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(status) => status.fmt(f),
            None => f.write_str("an unknown exit status"),
        }
    }
}
