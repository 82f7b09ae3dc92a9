//! The everything server as a process that serves HTTP, for the tests.

use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running `everything-server --http`, on a free port of 127.0.0.1. Dropping it ends the process.
#[derive(Debug)]
pub struct EverythingServer {
    child: Child,
    url: String,
}

impl EverythingServer {
    /// Starts `program`, and waits until it listens. What the server writes to standard error goes
    /// to ours.
    ///
    /// # Errors
    ///
    /// When the program does not start, or ends before it has told its address.
    pub fn start(program: impl AsRef<Path>) -> io::Result<Self> {
        let mut child = Command::new(program.as_ref())
            .args(["--http", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr =
            child.stderr.take().ok_or_else(|| io::Error::other("no pipe for standard error"))?;
        let mut server = Self { child, url: String::new() };
        let mut lines = BufReader::new(stderr).lines();
        server.url = lines
            .next()
            .ok_or_else(|| io::Error::other("the server ended before it listened"))??;
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| eprintln!("{line}"));
        });
        Ok(server)
    }

    /// Where it serves Streamable HTTP.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it serves HTTP+SSE, the transport of 2024-11-05.
    pub fn sse_url(&self) -> String {
        self.url.replace("/mcp", "/sse")
    }
}

impl Drop for EverythingServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
