//! A host that starts the server as a child process.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_misbehaving-server");

/// Time after which a wait fails the test. Long, because other programs may keep the machine busy.
const TIMEOUT: Duration = Duration::from_secs(30);

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

/// A running server with an open session. Dropping it kills the process.
pub(crate) struct Host {
    pub(crate) child: Child,
    input: Option<Box<dyn Write + Send>>,
    output: Receiver<Value>,
    errors: Receiver<String>,
    next_id: i64,
}

impl Host {
    pub(crate) fn start(streams: Streams, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.envs(environment.iter().copied()).stderr(Stdio::piped());
        let (mut child, input, output) = match streams {
            Streams::Pipes => {
                let mut child =
                    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
                let input: Box<dyn Write + Send> = Box::new(child.stdin.take().unwrap());
                let output: Box<dyn Read + Send> = Box::new(child.stdout.take().unwrap());
                (child, input, output)
            }
            Streams::Sockets => {
                let (input, theirs) = UnixStream::pair().unwrap();
                command.stdin(OwnedFd::from(theirs));
                let (output, theirs) = UnixStream::pair().unwrap();
                let child = command.stdout(OwnedFd::from(theirs)).spawn().unwrap();
                // The command holds the child's ends until it is dropped.
                drop(command);
                (
                    child,
                    Box::new(input) as Box<dyn Write + Send>,
                    Box::new(output) as Box<dyn Read + Send>,
                )
            }
        };
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
        let stderr = child.stderr.take().unwrap();
        let (sender, errors) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                sender.send(line).ok();
            }
        });
        let mut host = Self { child, input: Some(input), output: lines, errors, next_id: 0 };
        host.open_session();
        host
    }

    fn open_session(&mut self) {
        let client = json!({"protocolVersion":"2025-06-18","capabilities":{},
            "clientInfo":{"name":"host","version":"1"}});
        let id = self.request("initialize", &client);
        assert_eq!(self.answer(&id)["result"]["serverInfo"]["name"], "misbehaving");
        self.send(&json!({"jsonrpc":"2.0","method":"notifications/initialized"}));
    }

    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.send_bytes(format!("{message}\n").as_bytes());
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.next_id += 1;
        let id = json!(self.next_id);
        self.send(&json!({"jsonrpc":"2.0","id":id,"method":method,"params":params}));
        id
    }

    /// Calls a tool. Returns the id of the request.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.request("tools/call", &json!({"name": tool, "arguments": arguments}))
    }

    /// Waits for the next message.
    pub(crate) fn message(&self) -> Value {
        self.output.recv_timeout(TIMEOUT).expect("a message")
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
        let answer = self.answer(id);
        match answer["result"]["content"][0]["text"].as_str() {
            Some(text) => text.to_owned(),
            None => panic!("no text: {answer}"),
        }
    }

    /// Waits for a line on standard error that contains `text`.
    pub(crate) fn expect_stderr(&self, text: &str) {
        let found = std::iter::from_fn(|| self.errors.recv_timeout(TIMEOUT).ok())
            .any(|line| line.contains(text));
        assert!(found, "no line on standard error contains {text:?}");
    }

    /// Returns the remaining lines of standard error. The process must have exited.
    pub(crate) fn remaining_stderr(&self) -> Vec<String> {
        self.errors.iter().collect()
    }

    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// Stops reading, which closes the reading end of the child's output.
    pub(crate) fn close_output(&mut self) {
        self.output = channel().1;
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

    /// Returns the maximum resident memory of the process so far, in KiB.
    pub(crate) fn peak_memory_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Runs the cases in parallel, because they spend most of their time waiting.
pub(crate) fn run_in_parallel(cases: Vec<Box<dyn FnOnce() + Send>>) {
    let threads: Vec<_> = cases.into_iter().map(std::thread::spawn).collect();
    let failed = threads.into_iter().filter_map(|thread| thread.join().err()).count();
    assert_eq!(failed, 0, "failed cases; see the output above");
}
