//! The same over HTTP: a process that serves a socket ends when it is told to, whatever its
//! handlers do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::host::{PROGRAM, all_at_once};

const DRAIN: Duration = Duration::from_millis(700);
/// The drain time, half a second for what is given up, a second for what blocks, and the machine's
/// own slowness.
const BOUND: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(30);

/// Below the ports that systems give to clients: one of those may be taken by any connection before
/// the server has it, even by an attempt to connect to itself.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 500).unwrap() * 20;
    let candidates =
        std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed) % 1_000);
    let mut addresses = candidates.take(1_000).map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    addresses.find(|address| TcpListener::bind(address).is_ok()).unwrap()
}

/// A server that listens.
struct Served {
    child: Child,
    address: SocketAddr,
    errors: Receiver<String>,
}

impl Served {
    fn start(threads: &str) -> Self {
        let address = free_address();
        let mut child = Command::new(PROGRAM)
            .env("HARD_HTTP", address.to_string())
            .env("HARD_THREADS", threads)
            .env("HARD_DRAIN_MS", DRAIN.as_millis().to_string())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        let (sender, errors) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                sender.send(line).ok();
            }
        });
        let served = Self { child, address, errors };
        let before = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(before.elapsed() < PATIENCE, "nobody listens");
            std::thread::sleep(Duration::from_millis(2));
        }
        // That it is answered means that signals are waited for as well.
        while !served.call("echo", r#"{"text":"ready"}"#, "").answer().contains("ready") {
            assert!(before.elapsed() < PATIENCE, "nobody answers");
            std::thread::sleep(Duration::from_millis(20));
        }
        served
    }

    /// Calls a tool of the modern era, or, with a session, of the legacy one.
    fn call(&self, tool: &str, arguments: &str, session: &str) -> Called {
        let (meta, head) = match session {
            "" => (
                r#","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#,
                format!(
                    "mcp-protocol-version: 2026-07-28\r\nmcp-method: tools/call\r\nmcp-name: {tool}\r\n"
                ),
            ),
            id => ("", format!("mcp-session-id: {id}\r\n")),
        };
        self.post(
            &head,
            &format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}{meta}}}}}"#
            ),
        )
    }

    fn post(&self, head: &str, body: &str) -> Called {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST /mcp HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\ncontent-length: {length}\r\n{head}\r\n{body}"
        )
        .unwrap();
        Called(stream)
    }

    fn session(&self) -> String {
        let body = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"host","version":"1"}}}"#;
        let answer = self.post("", body).answer();
        let id = answer.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        id.unwrap_or_else(|| panic!("no session: {answer}")).to_owned()
    }

    fn sees(&self, line: &str) {
        let found = std::iter::from_fn(|| self.errors.recv_timeout(PATIENCE).ok())
            .any(|seen| seen.contains(line));
        assert!(found, "{line:?} was not on standard error");
    }

    /// Tells it to end and waits for that; gives how long it took.
    fn ends(&mut self, signal: Signal) -> (ExitStatus, Duration) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let before = Instant::now();
        while before.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, before.elapsed());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the process did not end");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A request on its way.
struct Called(TcpStream);

impl Called {
    fn answer(mut self) -> String {
        let mut answer = Vec::new();
        self.0.read_to_end(&mut answer).ok(); // A reset is an end as well.
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn for_each_way(test: impl Fn(&mut Served, Signal, &str) + Send + Copy + 'static) {
    let ways = ["0", "1", "2"].into_iter().zip([Signal::TERM, Signal::INT, Signal::TERM]);
    let cases = ways.map(|(threads, signal)| -> Box<dyn FnOnce() + Send> {
        Box::new(move || test(&mut Served::start(threads), signal, threads))
    });
    all_at_once(cases.collect());
}

#[test]
fn an_idle_server_ends_at_once() {
    for_each_way(|served, signal, threads| {
        let _silent = TcpStream::connect(served.address).unwrap();
        let _session = served.session();
        let (status, took) = served.ends(signal);
        assert!(status.success() && took < DRAIN * 2, "{threads} {status} {took:?}");
    });
}

#[test]
fn running_calls_are_answered_before_the_end() {
    for_each_way(|served, signal, threads| {
        let session = served.session();
        let calls: Vec<_> =
            ["", &session].map(|session| served.call("wait", r#"{"ms":300}"#, session)).into();
        let mut peak = String::new();
        while !peak.contains(r#""text":"2""#) {
            peak = served.call("peak", "{}", "").answer();
        }
        let (status, took) = served.ends(signal);
        assert!(status.success() && took < DRAIN, "{threads} {status} {took:?}");
        for call in calls {
            let answer = call.answer();
            assert!(answer.contains("waited 300"), "{threads} {answer}");
        }
    });
}

#[test]
fn a_call_that_never_ends_is_dropped_after_the_drain_time() {
    for_each_way(|served, signal, threads| {
        let session = served.session();
        // One whose client waits, and one that a session owns whose client has left.
        let _waits = served.call("never", "{}", "");
        served.sees("runs for ever");
        let leaves = served.call("never", "{}", &session);
        served.sees("runs for ever");
        drop(leaves);
        let (status, took) = served.ends(signal);
        assert!(status.success(), "{threads} {status}");
        assert!(took > DRAIN - Duration::from_millis(100) && took < BOUND, "{threads} {took:?}");
        served.sees("was dropped");
        served.sees("was dropped");
    });
}

fn a_blocked_server_ends(tool: &'static str, legacy: bool, succeeds: bool) {
    for_each_way(move |served, signal, threads| {
        let session = if legacy { served.session() } else { String::new() };
        let _call = served.call(tool, "{}", &session);
        served.sees("blocking");
        let (status, took) = served.ends(signal);
        assert_eq!(status.code(), Some(i32::from(!succeeds)), "{threads} {status}");
        assert!(took < BOUND, "{threads} {took:?}");
    });
}

#[test]
fn a_handler_that_blocks_where_it_stands_cannot_keep_the_process() {
    a_blocked_server_ends("block", false, false);
}

#[test]
fn a_handler_that_blocks_after_a_while_cannot_keep_the_process() {
    a_blocked_server_ends("block-later", false, false);
}

#[test]
fn a_call_of_a_session_that_blocks_cannot_keep_the_process() {
    a_blocked_server_ends("block-later", true, false);
}

#[test]
fn a_handler_that_blocks_in_the_pool_is_left_behind() {
    a_blocked_server_ends("block-in-pool", false, true);
}
