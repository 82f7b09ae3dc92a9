//! A server as a child process that listens on a port of its own choice.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Command, Stdio},
    time::Duration,
};

use crate::{Error, child::Guarded, cpu::Cpu, session::Server};

/// A running server.
#[derive(Debug)]
pub struct Listening {
    child: Guarded,
    pid: String,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Listening {
    /// Start the server with this number of tools, and more arguments. Its first line says where it
    /// listens. It is killed after `limit`, whatever happens.
    pub fn spawn(
        server: &Server,
        tools: usize,
        more: &[&str],
        limit: Duration,
    ) -> Result<Listening, Error> {
        let mut command = Command::new(&server.command[0]);
        command.args(&server.command[1..]).args(["--tools", &tools.to_string()]).args(more);
        let child = Guarded::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()), limit)?;
        let (pid, stdout) = {
            let mut child = child.get();
            (child.id().to_string(), child.stdout.take().ok_or("the child has no pipe")?)
        };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .trim()
            .parse()
            .map_err(|_| format!("{} said not where it listens", server.name))?;
        Ok(Listening { child, pid, address })
    }

    /// CPU time of the server until now.
    pub fn cpu(&self) -> Result<Cpu, Error> {
        Ok(Cpu::of(&self.pid)?)
    }

    /// Resident memory of the server, in KiB.
    pub fn resident_kib(&self) -> Result<f64, Error> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // It would listen for ever.
        let _ = self.child.get().kill();
    }
}
