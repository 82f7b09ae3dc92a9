//! A server as a child process that listens on a free port.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Command, Stdio},
    time::Duration,
};

use mcp_test_support::memory::resident_kib;

use crate::{
    Error,
    child::Guarded,
    cpu::Cpu,
    participants::{Participant, Setup},
};

/// A running server.
#[derive(Debug)]
pub struct Listening {
    child: Guarded,
    pid: String,
    /// The address of the server.
    pub address: SocketAddr,
}

impl Listening {
    /// Starts the server. The first line of its output must be its address. It is killed after
    /// `limit` at the latest.
    pub fn spawn(server: &Participant, setup: &Setup, limit: Duration) -> Result<Listening, Error> {
        Listening::start(&mut server.serve(setup), limit)
            .map_err(|error| format!("{}: {error}", server.name).into())
    }

    /// Starts the command of a server. The first line of its output must be its address. It is
    /// killed after `limit` at the latest.
    pub fn start(command: &mut Command, limit: Duration) -> Result<Listening, Error> {
        let child = Guarded::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()), limit)?;
        let (pid, stdout) = {
            let mut child = child.get();
            (child.id().to_string(), child.stdout.take().ok_or("the child has no pipe")?)
        };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().parse();
        let address = address.map_err(|_| "the first line of the server is not an address")?;
        Ok(Listening { child, pid, address })
    }

    /// Returns the CPU time of the server so far.
    pub fn cpu(&self) -> Result<Cpu, Error> {
        Ok(Cpu::of(&self.pid)?)
    }

    /// Returns the resident memory of the server, in KiB.
    pub fn resident_kib(&self) -> Result<f64, Error> {
        Ok(resident_kib(&self.pid)? as f64)
    }

    /// Asks the server to exit, and waits until it has.
    pub fn terminate(self, limit: Duration) -> Result<(), Error> {
        self.child.terminate()?;
        self.child.wait_or_kill(limit)?;
        Ok(())
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // The server would never exit by itself.
        let _ = self.child.get().kill();
    }
}
