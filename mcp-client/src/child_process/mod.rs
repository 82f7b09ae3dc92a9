//! A server as a child process.
//!
//! The child leads a process group of its own, gets an allow-list of environment variables, has its
//! standard error drained, and is never left behind: [`Client::close`](crate::Client::close) closes its input, waits,
//! sends SIGTERM and then SIGKILL to the group; dropping the last client sends SIGKILL at once. A
//! thread that waits for the child reaps it, so neither needs a runtime.
//!
//! On Windows the child and all that it starts are in a job, which ends with this process. There is
//! no gentle signal, so the job is ended after the first wait.
//!
//! Spec: transports/stdio, "Shutdown".

mod command;
mod environment;
mod exit;
mod pipes;
mod process;
#[cfg(not(windows))]
mod reaper_unix;
#[cfg(windows)]
mod reaper_windows;
mod stderr;

pub use command::ChildCommand;
pub(crate) use pipes::{Ending, Input, Output};
pub(crate) use process::Process;
