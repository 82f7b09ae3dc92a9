//! A server as a child process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_misbehaving-server");

/// Time after which a wait fails the test. Long, because other programs may keep the machine busy.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// A running server. Dropping it kills the process.
pub(crate) struct ServerProcess {
    pub(crate) child: Child,
    errors: Receiver<String>,
}

impl ServerProcess {
    /// Starts the server, and reads its standard error.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, errors) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                sender.send(line).ok();
            }
        });
        Self { child, errors }
    }

    /// Waits for a line on standard error that contains `text`, and returns it.
    pub(crate) fn expect_stderr(&self, text: &str) -> String {
        std::iter::from_fn(|| self.errors.recv_timeout(TIMEOUT).ok())
            .find(|line| line.contains(text))
            .unwrap_or_else(|| panic!("no line on standard error contains {text:?}"))
    }

    /// Returns the remaining lines of standard error. The process must have exited.
    pub(crate) fn remaining_stderr(&self) -> Vec<String> {
        self.errors.iter().collect()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until the process exits. Returns its status and how long the wait took.
    pub(crate) fn wait_for_exit(&mut self) -> (ExitStatus, Duration) {
        let before = Instant::now();
        while before.elapsed() < TIMEOUT {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, before.elapsed());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the process did not exit within {TIMEOUT:?}");
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
