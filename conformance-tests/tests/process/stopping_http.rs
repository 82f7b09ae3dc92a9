//! The process exits in time while it serves HTTP, even if a handler misbehaves.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::host::{PROGRAM, run_in_parallel};

/// The shutdown timeout in these tests.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(700);
/// Maximum time to the exit of a server with a running call: the shutdown timeout, half a second
/// for dropped calls, a second for blocked threads, and a reserve for a busy machine.
const MAX_EXIT_TIME: Duration = Duration::from_secs(5);
/// Time after which a wait fails the test.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Returns a free address with a port below the ephemeral range. Any outgoing connection could take
/// an ephemeral port before the server binds it, even an attempt to connect to that server.
fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 500).unwrap() * 20;
    let candidates =
        std::iter::repeat_with(|| first + NEXT.fetch_add(1, Ordering::Relaxed) % 1_000);
    let mut addresses = candidates.take(1_000).map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    addresses.find(|address| TcpListener::bind(address).is_ok()).unwrap()
}

/// A running server. Dropping it kills the process.
struct HttpServer {
    child: Child,
    address: SocketAddr,
    errors: Receiver<String>,
}

impl HttpServer {
    fn start(threads: &str) -> Self {
        let address = free_address();
        let mut child = Command::new(PROGRAM)
            .env("HTTP_ADDRESS", address.to_string())
            .env("WORKER_THREADS", threads)
            .env("SHUTDOWN_TIMEOUT_MS", SHUTDOWN_TIMEOUT.as_millis().to_string())
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
        let server = Self { child, address, errors };
        let before = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(before.elapsed() < TIMEOUT, "the server does not listen");
            std::thread::sleep(Duration::from_millis(2));
        }
        // The server installs its signal handlers before it answers the first request.
        while !server.call("echo", r#"{"text":"ready"}"#, "").answer().contains("ready") {
            assert!(before.elapsed() < TIMEOUT, "the server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Calls a tool: in the legacy era if `session` is the id of a session, and in the modern era
    /// if it is empty.
    fn call(&self, tool: &str, arguments: &str, session: &str) -> PendingCall {
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

    fn post(&self, head: &str, body: &str) -> PendingCall {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST /mcp HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\ncontent-length: {length}\r\n{head}\r\n{body}"
        )
        .unwrap();
        PendingCall(stream)
    }

    /// Opens a session. Returns its id.
    fn open_session(&self) -> String {
        let body = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"host","version":"1"}}}"#;
        let answer = self.post("", body).answer();
        let id = answer.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        id.unwrap_or_else(|| panic!("no session: {answer}")).to_owned()
    }

    /// Waits for a line on standard error that contains `text`.
    fn expect_stderr(&self, text: &str) {
        let found = std::iter::from_fn(|| self.errors.recv_timeout(TIMEOUT).ok())
            .any(|line| line.contains(text));
        assert!(found, "no line on standard error contains {text:?}");
    }

    /// Sends a signal and waits until the process exits. Returns its status and how long the wait
    /// took.
    fn stop(&mut self, signal: Signal) -> (ExitStatus, Duration) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let before = Instant::now();
        while before.elapsed() < TIMEOUT {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, before.elapsed());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        panic!("the process did not exit within {TIMEOUT:?}");
    }
}

impl Drop for HttpServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A request that was sent, and whose answer was not read.
struct PendingCall(TcpStream);

impl PendingCall {
    fn answer(mut self) -> String {
        let mut answer = Vec::new();
        self.0.read_to_end(&mut answer).ok(); // A reset ends the answer too.
        String::from_utf8_lossy(&answer).into_owned()
    }
}

fn for_each_case(test: impl Fn(&mut HttpServer, Signal, &str) + Send + Copy + 'static) {
    let cases = ["0", "1", "2"].into_iter().zip([Signal::TERM, Signal::INT, Signal::TERM]);
    let cases = cases.map(|(threads, signal)| -> Box<dyn FnOnce() + Send> {
        Box::new(move || test(&mut HttpServer::start(threads), signal, threads))
    });
    run_in_parallel(cases.collect());
}

#[test]
fn an_idle_server_exits_immediately() {
    for_each_case(|server, signal, threads| {
        let _silent = TcpStream::connect(server.address).unwrap();
        let _session = server.open_session();
        let (status, took) = server.stop(signal);
        assert!(status.success() && took < SHUTDOWN_TIMEOUT * 2, "{threads} {status} {took:?}");
    });
}

#[test]
fn running_calls_are_answered_before_the_exit() {
    for_each_case(|server, signal, threads| {
        let session = server.open_session();
        let calls: Vec<_> =
            ["", &session].map(|session| server.call("wait", r#"{"ms":300}"#, session)).into();
        let mut peak = String::new();
        while !peak.contains(r#""text":"2""#) {
            peak = server.call("peak", "{}", "").answer();
        }
        let (status, took) = server.stop(signal);
        assert!(status.success() && took < SHUTDOWN_TIMEOUT, "{threads} {status} {took:?}");
        for call in calls {
            let answer = call.answer();
            assert!(answer.contains("waited 300"), "{threads} {answer}");
        }
    });
}

#[test]
fn an_endless_call_is_dropped_after_the_shutdown_timeout() {
    for_each_case(|server, signal, threads| {
        let session = server.open_session();
        // The client of the first call waits. The client of the second one disconnects, and the
        // session keeps the call.
        let _waiting = server.call("never", "{}", "");
        server.expect_stderr("the endless call runs");
        let disconnected = server.call("never", "{}", &session);
        server.expect_stderr("the endless call runs");
        drop(disconnected);
        let (status, took) = server.stop(signal);
        assert!(status.success(), "{threads} {status}");
        assert!(
            took > SHUTDOWN_TIMEOUT - Duration::from_millis(100) && took < MAX_EXIT_TIME,
            "{threads} {took:?}"
        );
        server.expect_stderr("was dropped");
        server.expect_stderr("was dropped");
    });
}

fn a_blocked_server_exits(tool: &'static str, legacy: bool, succeeds: bool) {
    for_each_case(move |server, signal, threads| {
        let session = if legacy { server.open_session() } else { String::new() };
        let _call = server.call(tool, "{}", &session);
        server.expect_stderr("blocking");
        let (status, took) = server.stop(signal);
        assert_eq!(status.code(), Some(i32::from(!succeeds)), "{threads} {status}");
        assert!(took < MAX_EXIT_TIME, "{threads} {took:?}");
    });
}

#[test]
fn a_handler_that_blocks_its_first_poll_cannot_prevent_the_exit() {
    a_blocked_server_exits("block", false, false);
}

#[test]
fn a_handler_that_blocks_a_later_poll_cannot_prevent_the_exit() {
    a_blocked_server_exits("block-later", false, false);
}

#[test]
fn a_handler_that_blocks_in_a_session_cannot_prevent_the_exit() {
    a_blocked_server_exits("block-later", true, false);
}

#[test]
fn a_handler_that_blocks_in_the_thread_pool_is_abandoned() {
    a_blocked_server_exits("block-in-pool", false, true);
}
