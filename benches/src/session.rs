//! One server as a child process: spawned, greeted, spoken to over its pipes, and always ended.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Error,
    child::Guarded,
    cpu::Cpu,
    messages::{self, Era, Template},
};

const FIRST_ID: u64 = 1;

/// A server to measure: the name in the table and the command line.
#[derive(Clone, Debug)]
pub struct Server {
    /// Its name in the table.
    pub name: String,
    /// Program and arguments; `--tools N` is added.
    pub command: Vec<String>,
}

/// A running server and the pipes to it. Reads and writes block; a watchdog kills the child at the
/// deadline, which ends them with an error.
#[derive(Debug)]
pub struct Session {
    child: Guarded,
    pid: String,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    buffer: Vec<u8>,
    /// Where the bytes not yet handed out begin, and up to where no newline was found.
    start: usize,
    scanned: usize,
    spawned: Instant,
    /// The id for the next request; ids are never used twice.
    pub next_id: u64,
}

impl Session {
    /// Start the server with this number of tools. It is killed after `limit`, whatever happens.
    pub fn spawn(server: &Server, tools: usize, limit: Duration) -> Result<Session, Error> {
        let spawned = Instant::now();
        let mut command = Command::new(&server.command[0]);
        command.args(&server.command[1..]).args(["--tools", &tools.to_string()]);
        let child = Guarded::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()), limit)?;
        let (pid, stdin, stdout) = {
            let mut child = child.get();
            (
                child.id().to_string(),
                child.stdin.take(),
                child.stdout.take().ok_or("the child has no pipes")?,
            )
        };
        let next_id = FIRST_ID + 1;
        Ok(Session {
            child,
            pid,
            stdin,
            stdout,
            buffer: vec![],
            start: 0,
            scanned: 0,
            spawned,
            next_id,
        })
    }

    /// Open the session as its era wants it and make one call, which is checked. Returns the time
    /// from the start of the process to its first answer.
    pub fn open(&mut self, era: Era) -> Result<Duration, Error> {
        let call = Template::echo(era, "hello, \"world\"");
        let mut request = Vec::new();
        call.write(FIRST_ID, &mut request);
        let first_answer;
        if era == Era::Legacy {
            self.send(&messages::initialize())?;
            let answer = self.line()?.to_vec();
            first_answer = self.spawned.elapsed();
            check(&answer, |message| message["result"]["protocolVersion"] == "2025-11-25")?;
            self.send(messages::INITIALIZED)?;
            self.send(&request)?;
            check(self.line()?, is_the_echo)?;
        } else {
            self.send(&request)?;
            let answer = self.line()?.to_vec();
            first_answer = self.spawned.elapsed();
            check(&answer, is_the_echo)?;
        }
        Ok(first_answer)
    }

    /// Write all of these bytes.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(bytes)
    }

    /// The next line, without its newline; waits for it.
    pub fn line(&mut self) -> io::Result<&[u8]> {
        loop {
            if let Some((from, to)) = self.find_line() {
                return Ok(&self.buffer[from..to]);
            }
            self.fill()?;
        }
    }

    /// The next line if it is here already.
    pub fn line_at_hand(&mut self) -> Option<&[u8]> {
        self.find_line().map(|(from, to)| &self.buffer[from..to])
    }

    fn find_line(&mut self) -> Option<(usize, usize)> {
        match memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
            Some(offset) => {
                let line = (self.start, self.scanned + offset);
                self.start = line.1 + 1;
                self.scanned = self.start;
                Some(line)
            }
            None => {
                self.scanned = self.buffer.len();
                None
            }
        }
    }

    /// Wait for bytes and take what is there.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start);
        self.scanned -= self.start;
        self.start = 0;
        let length = self.buffer.len();
        self.buffer.resize(length + 128 * 1024, 0);
        let read = self.stdout.read(&mut self.buffer[length..])?;
        self.buffer.truncate(length + read);
        match read {
            0 => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the server ended, or ran into its time limit",
            )),
            _ => Ok(()),
        }
    }

    /// CPU time of the server until now.
    pub fn cpu(&self) -> io::Result<Cpu> {
        Cpu::of(&self.pid)
    }

    /// Resident memory of the server, in KiB.
    pub fn resident_kib(&self) -> Result<f64, Error> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.end(Duration::from_secs(2));
    }
}

fn is_the_echo(message: &Value) -> bool {
    message["id"] == FIRST_ID && message["result"]["content"][0]["text"] == "hello, \"world\""
}

fn check(line: &[u8], right: impl Fn(&Value) -> bool) -> Result<(), Error> {
    let message = serde_json::from_slice(line)?;
    if right(&message) { Ok(()) } else { Err(format!("unexpected answer: {message}").into()) }
}
