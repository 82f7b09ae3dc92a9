//! A host that starts the server as a child process.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use mcp_test_support::ServerProcess;
use mcp_test_support::memory::peak_kib;
use mcp_test_support::message::{self, initialize_params, result_of, text_of};
use serde_json::{Value, json};

use crate::child::PROGRAM;

/// The kind of the child's standard input and output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Streams {
    Pipes,
    /// Socket pairs, which Node.js creates for its children.
    Sockets,
}

impl Streams {
    pub(crate) const ALL: [Self; 2] = [Self::Pipes, Self::Sockets];
}

/// A running server with an open session.
pub(crate) struct Host {
    pub(crate) process: ServerProcess,
    input: Option<Box<dyn Write + Send>>,
    output: Receiver<Value>,
    next_id: i64,
}

impl Host {
    pub(crate) fn start(streams: Streams, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.envs(environment.iter().copied());
        let (process, input, output): (_, Box<dyn Write + Send>, Box<dyn Read + Send>) =
            match streams {
                Streams::Pipes => {
                    command.stdin(Stdio::piped()).stdout(Stdio::piped());
                    let mut process = ServerProcess::start(&mut command);
                    let input = process.child.stdin.take().unwrap();
                    let output = process.child.stdout.take().unwrap();
                    (process, Box::new(input), Box::new(output))
                }
                Streams::Sockets => {
                    let (input, theirs) = UnixStream::pair().unwrap();
                    command.stdin(OwnedFd::from(theirs));
                    let (output, theirs) = UnixStream::pair().unwrap();
                    command.stdout(OwnedFd::from(theirs));
                    let process = ServerProcess::start(&mut command);
                    (process, Box::new(input), Box::new(output))
                }
            };
        // The command holds the child's ends of the sockets until it is dropped.
        drop(command);
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines() {
                let line = line.unwrap();
                let message =
                    serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line:?}"));
                if sender.send(message).is_err() {
                    return; // The test closed the output. Dropping the reader closes the pipe.
                }
            }
        });
        let mut host = Self { process, input: Some(input), output: lines, next_id: 0 };
        host.open_session();
        host
    }

    fn open_session(&mut self) {
        let id = self.request("initialize", initialize_params("2025-06-18", json!({})));
        assert_eq!(self.answer(&id)["result"]["serverInfo"]["name"], "misbehaving");
        self.send(&message::notification("notifications/initialized", json!({})));
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.send_bytes(format!("{message}\n").as_bytes());
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.next_id += 1;
        let id = json!(self.next_id);
        self.send(&message::request(id.clone(), method, params));
        id
    }

    /// Calls a tool. Returns the id of the request.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.request("tools/call", json!({"name": tool, "arguments": arguments}))
    }

    /// Waits for the next message.
    pub(crate) fn message(&self) -> Value {
        self.output.recv_timeout(ServerProcess::TIMEOUT).expect("a message")
    }

    /// Waits for the answer to a request, and discards other messages.
    pub(crate) fn answer(&self, id: &Value) -> Value {
        loop {
            let message = self.message();
            if message.get("id") == Some(id) {
                return message;
            }
        }
    }

    /// Waits for the result of a tool and returns its text.
    pub(crate) fn text(&self, id: &Value) -> String {
        text_of(result_of(&self.answer(id))).to_owned()
    }

    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// Stops reading, which closes the reading end of the child's output.
    pub(crate) fn close_output(&mut self) {
        self.output = channel().1;
    }

    /// Returns the maximum resident memory of the process so far, in KiB.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        peak_kib(self.process.child.id()).unwrap()
    }
}

/// Runs the cases in parallel, because they spend most of their time waiting.
pub(crate) fn run_in_parallel(cases: Vec<Box<dyn FnOnce() + Send>>) {
    let threads: Vec<_> = cases.into_iter().map(std::thread::spawn).collect();
    let failed = threads.into_iter().filter_map(|thread| thread.join().err()).count();
    assert_eq!(failed, 0, "failed cases; see the output above");
}
