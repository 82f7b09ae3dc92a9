//! A server as a child process, with a session over its pipes.

use std::{
    io::{self, Read as _, Write as _},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    Error,
    child::Guarded,
    cpu::Cpu,
    memory,
    messages::{self, Era, Template},
    participants::{Participant, Setup},
};

const FIRST_ID: u64 = 1;

/// A running server and its pipes. Reads and writes block until the watchdog kills the child at the
/// deadline; then they fail.
#[derive(Debug)]
pub struct Session {
    child: Guarded,
    pid: String,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    buffer: Vec<u8>,
    /// The start of the unread bytes in the buffer.
    start: usize,
    /// The end of the bytes that were searched for a newline.
    scanned: usize,
    spawned: Instant,
    /// The id of the next request. Ids are never reused.
    pub next_id: u64,
}

impl Session {
    /// Starts the server. It is killed after `limit` at the latest.
    pub fn spawn(server: &Participant, setup: &Setup, limit: Duration) -> Result<Session, Error> {
        Session::start(&mut server.serve(setup), limit)
    }

    /// Starts the command of a server. It is killed after `limit` at the latest.
    pub fn start(command: &mut Command, limit: Duration) -> Result<Session, Error> {
        let spawned = Instant::now();
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

    /// Opens a session of the era, makes one call and checks the answer. Returns the time from the
    /// start of the process to its first answer.
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

    /// Sends a request and returns its answer.
    pub fn exchange(&mut self, request: &Template) -> Result<Vec<u8>, Error> {
        let (id, mut bytes) = (self.next_id, Vec::new());
        self.next_id += 1;
        request.write(id, &mut bytes);
        self.send(&bytes)?;
        loop {
            let line = self.line()?;
            if messages::answered_id(line) == Some(id) {
                return Ok(line.to_vec());
            }
        }
    }

    /// Writes all bytes.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?.write_all(bytes)
    }

    /// Waits for the next line and returns it without the newline.
    pub fn line(&mut self) -> io::Result<&[u8]> {
        loop {
            if let Some((from, to)) = self.find_line() {
                return Ok(&self.buffer[from..to]);
            }
            self.fill()?;
        }
    }

    /// Returns the next line if it is in the buffer.
    pub fn buffered_line(&mut self) -> Option<&[u8]> {
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

    /// Reads into the buffer. Waits for at least one byte.
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
                "the server exited, or was killed at its time limit",
            )),
            _ => Ok(()),
        }
    }

    /// Returns the CPU time of the server so far.
    pub fn cpu(&self) -> io::Result<Cpu> {
        Cpu::of(&self.pid)
    }

    /// Returns the private dirty memory of the server, in KiB.
    pub fn dirty_kib(&self) -> Result<f64, Error> {
        memory::dirty_kib(&self.pid)
    }

    /// Closes the pipe to the server, and waits until it exits.
    pub fn close(mut self, limit: Duration) -> Result<(), Error> {
        self.stdin = None;
        let status = self.child.wait_or_kill(limit)?;
        if status.success() { Ok(()) } else { Err(format!("the server failed: {status}").into()) }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.wait_or_kill(Duration::from_secs(2));
    }
}

fn is_the_echo(message: &Value) -> bool {
    message["id"] == FIRST_ID && message["result"]["content"][0]["text"] == "hello, \"world\""
}

fn check(line: &[u8], is_expected: impl Fn(&Value) -> bool) -> Result<(), Error> {
    let message = serde_json::from_slice(line)?;
    if is_expected(&message) { Ok(()) } else { Err(format!("unexpected answer: {message}").into()) }
}
