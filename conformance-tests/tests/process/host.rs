//! The host's side of a child process.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_hard-server");

/// Longer than anything here takes, on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the streams of the child are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Over {
    Pipes,
    /// Pairs of sockets, as Node.js makes them.
    Sockets,
}

pub(crate) const BOTH: [Over; 2] = [Over::Pipes, Over::Sockets];

/// A server with a session.
pub(crate) struct Host {
    pub(crate) child: Child,
    input: Option<Box<dyn Write + Send>>,
    output: Receiver<Value>,
    errors: Receiver<String>,
    next_id: i64,
}

impl Host {
    pub(crate) fn start(over: Over, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.envs(environment.iter().copied()).stderr(Stdio::piped());
        let (mut child, input, output) = match over {
            Over::Pipes => {
                let mut child =
                    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
                let input: Box<dyn Write + Send> = Box::new(child.stdin.take().unwrap());
                let output: Box<dyn Read + Send> = Box::new(child.stdout.take().unwrap());
                (child, input, output)
            }
            Over::Sockets => {
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
                    return; // Nobody reads any more; the pipe closes.
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
        assert_eq!(self.answer(&id)["result"]["serverInfo"]["name"], "hard");
        self.send(&json!({"jsonrpc":"2.0","method":"notifications/initialized"}));
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.input.as_mut().unwrap().write_all(bytes).unwrap();
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.bytes(format!("{message}\n").as_bytes());
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.next_id += 1;
        let id = json!(self.next_id);
        self.send(&json!({"jsonrpc":"2.0","id":id,"method":method,"params":params}));
        id
    }

    /// Calls a tool; gives the id of the request.
    pub(crate) fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.request("tools/call", &json!({"name": tool, "arguments": arguments}))
    }

    pub(crate) fn message(&self) -> Value {
        self.output.recv_timeout(PATIENCE).expect("a message")
    }

    pub(crate) fn answer(&self, id: &Value) -> Value {
        loop {
            let message = self.message();
            if message.get("id") == Some(id) {
                return message;
            }
        }
    }

    /// The text of a tool's result.
    pub(crate) fn text(&self, id: &Value) -> String {
        let answer = self.answer(id);
        match answer["result"]["content"][0]["text"].as_str() {
            Some(text) => text.to_owned(),
            None => panic!("no text: {answer}"),
        }
    }

    /// Waits for a line on standard error.
    pub(crate) fn sees(&self, line: &str) {
        let found = std::iter::from_fn(|| self.errors.recv_timeout(PATIENCE).ok())
            .any(|seen| seen.contains(line));
        assert!(found, "{line:?} was not on standard error");
    }

    /// What has been written to standard error and not looked at, after the end.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.errors.iter().collect()
    }

    pub(crate) fn close_input(&mut self) {
        self.input = None;
    }

    /// Stops to read, so that the child's output has no reader.
    pub(crate) fn close_output(&mut self) {
        self.output = channel().1;
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; gives how long it took.
    pub(crate) fn ends(&mut self) -> (ExitStatus, Duration) {
        let before = Instant::now();
        while before.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, before.elapsed());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the process did not end");
    }

    /// The most memory it ever had, in KiB.
    pub(crate) fn peak(&self) -> u64 {
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

/// Runs cases at the same time: most of their time is waiting.
pub(crate) fn all_at_once(cases: Vec<Box<dyn FnOnce() + Send>>) {
    let threads: Vec<_> = cases.into_iter().map(std::thread::spawn).collect();
    let failed = threads.into_iter().filter_map(|thread| thread.join().err()).count();
    assert_eq!(failed, 0, "cases failed");
}
