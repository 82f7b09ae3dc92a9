//! A server as a child process.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A running server. Dropping it kills the process.
#[derive(Debug)]
pub struct ServerProcess {
    /// The process.
    pub child: Child,
    errors: Receiver<String>,
}

impl ServerProcess {
    /// Time after which a wait fails the test. Long, because other programs may keep the machine
    /// busy.
    pub const TIMEOUT: Duration = Duration::from_secs(60);

    /// Starts the server, and reads its standard error.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().expect("the server starts");
        let stderr = child.stderr.take().expect("a pipe");
        let (sender, errors) = channel();
        // Reads to the end, because a full pipe would block the server.
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                sender.send(line).ok();
            }
        });
        Self { child, errors }
    }

    /// Waits for a line on standard error that contains `text`, and returns it.
    ///
    /// # Panics
    /// If there is none before the process ends or the time is over.
    pub fn expect_stderr(&self, text: &str) -> String {
        let mut seen = Vec::new();
        while let Ok(line) = self.errors.recv_timeout(Self::TIMEOUT) {
            if line.contains(text) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line on standard error contains {text:?}: {seen:#?}")
    }

    /// Returns the remaining lines of standard error. The process must have exited.
    pub fn remaining_stderr(&self) -> Vec<String> {
        self.errors.iter().collect()
    }

    /// Waits until the process exits. Returns its status and how long the wait took.
    ///
    /// # Panics
    /// If the time is over.
    pub fn wait_for_exit(&mut self) -> (ExitStatus, Duration) {
        let before = Instant::now();
        while before.elapsed() < Self::TIMEOUT {
            if let Some(status) = self.child.try_wait().expect("a child of this process") {
                return (status, before.elapsed());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the process did not exit within {:?}", Self::TIMEOUT);
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        if std::thread::panicking() {
            self.errors.try_iter().for_each(|line| eprintln!("server: {line}"));
        }
    }
}
