//! A running child, and how it is stopped.

use std::io;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::sync::Mutex;
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::watch;
use tokio::time::timeout;

use super::exit::Exit;
#[cfg(not(windows))]
use super::reaper_unix::{Reaper, spawn};
#[cfg(windows)]
use super::reaper_windows::{Reaper, spawn};
use super::stderr::{self, LastLine, Sink};

/// A child and its process group. Dropping it kills both.
pub(crate) struct Process {
    id: u32,
    reaper: Arc<Reaper>,
    exit: watch::Receiver<Option<Exit>>,
    pipes: Mutex<Option<(ChildStdin, ChildStdout)>>,
    last_line: LastLine,
    exit_timeout: Duration,
    kill_timeout: Duration,
}

impl Process {
    pub(super) fn spawn(
        command: &mut Command,
        sink: Sink,
        exit_timeout: Duration,
        kill_timeout: Duration,
    ) -> io::Result<Self> {
        let (publish, exit) = watch::channel(None);
        let (id, reaper, (stdin, stdout, stderr)) = spawn(command, publish)?;
        // From here on dropping `process` cleans up.
        let process = Self {
            id,
            reaper,
            exit,
            pipes: Mutex::new(Some((stdin, stdout))),
            last_line: LastLine::default(),
            exit_timeout,
            kill_timeout,
        };
        tokio::spawn(stderr::drain(stderr, sink, process.last_line.clone()));
        Ok(process)
    }

    /// The process id, which is that of its group on Unix.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// Input and output, once.
    pub(crate) fn take_pipes(&self) -> Option<(ChildStdin, ChildStdout)> {
        self.pipes.lock().take()
    }

    /// The exit status, if the child has exited.
    pub(crate) fn exit(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// Waits until the child has exited and is reaped.
    pub(crate) async fn exited(&self) -> Exit {
        let mut exit = self.exit.clone();
        match exit.wait_for(Option::is_some).await {
            Ok(exit) => exit.unwrap_or(Exit(None)),
            Err(_) => Exit(None), // The waiting thread is gone; so is the child.
        }
    }

    /// The child's output has ended: nothing of it needs to be waited for.
    pub(super) fn output_ended(&self) {
        self.reaper.output_ended();
    }

    pub(super) fn last_line(&self) -> Option<String> {
        self.last_line.get()
    }

    /// Stops the child, whose input is closed: waits, sends SIGTERM, waits, sends SIGKILL.
    pub(crate) async fn stop(&self) -> Exit {
        if let Ok(exit) = timeout(self.exit_timeout, self.exited()).await {
            return exit;
        }
        tracing::debug!("the server did not exit when its input was closed");
        self.reaper.terminate();
        if let Ok(exit) = timeout(self.kill_timeout, self.exited()).await {
            return exit;
        }
        tracing::debug!("the server did not exit when it was told to terminate");
        self.kill();
        self.exited().await
    }

    /// Kills the whole group, now.
    pub(crate) fn kill(&self) {
        self.reaper.kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
