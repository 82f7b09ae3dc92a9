//! The process exits in time while it serves HTTP, even if a handler misbehaves.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use mcp_test_support::ServerProcess;
use mcp_test_support::http::{Call, wire};
use mcp_test_support::message;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::child::{PROGRAM, address, signal};
use crate::host::run_in_parallel;

/// The shutdown timeout in these tests.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(700);
/// Maximum time to the exit of a server with a running call: the shutdown timeout, 200 ms for
/// dropped calls, 250 ms for blocked threads, and a reserve for a busy machine.
const MAX_EXIT_TIME: Duration = Duration::from_secs(5);

/// A running server.
struct HttpServer {
    process: ServerProcess,
    address: SocketAddr,
}

impl HttpServer {
    fn start(threads: &str) -> Self {
        let process = ServerProcess::start(
            Command::new(PROGRAM)
                .env("HTTP_ADDRESS", "127.0.0.1:0")
                .env("WORKER_THREADS", threads)
                .env("SHUTDOWN_TIMEOUT_MS", SHUTDOWN_TIMEOUT.as_millis().to_string()),
        );
        let line = process.expect_stderr("serving address=");
        let server = Self { address: address(&line).parse().unwrap(), process };
        // The server installs its signal handlers before it answers the first request.
        let answer = server.call("echo", json!({"text": "ready"}), "").answer();
        assert!(answer.contains("ready"), "{answer}");
        server
    }

    /// Calls a tool: in the legacy era if `session` is the id of a session, and in the modern era
    /// if it is empty.
    fn call(&self, tool: &str, arguments: Value, session: &str) -> PendingCall {
        self.send(match session {
            "" => Call::tool(tool, arguments),
            id => Call::raw(&message::call(1, tool, arguments)).header("mcp-session-id", id),
        })
    }

    fn send(&self, call: Call) -> PendingCall {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(ServerProcess::TIMEOUT)).unwrap();
        stream.write_all(&wire(&call.header("connection", "close"))).unwrap();
        PendingCall(stream)
    }

    /// Opens a session. Returns its id.
    fn open_session(&self) -> String {
        let answer = self.send(Call::raw(&message::initialize("2025-11-25", json!({})))).answer();
        let id = answer.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        id.unwrap_or_else(|| panic!("no session: {answer}")).to_owned()
    }

    /// Sends a signal and waits until the process exits. Returns its status and how long the wait
    /// took.
    fn stop(&mut self, kind: Signal) -> (ExitStatus, Duration) {
        signal(&self.process, kind);
        self.process.wait_for_exit()
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
            ["", &session].map(|session| server.call("wait", json!({"ms": 300}), session)).into();
        let mut peak = String::new();
        while !peak.contains(r#""text":"2""#) {
            peak = server.call("peak", json!({}), "").answer();
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
        let _waiting = server.call("never", json!({}), "");
        server.process.expect_stderr("the endless call runs");
        let disconnected = server.call("never", json!({}), &session);
        server.process.expect_stderr("the endless call runs");
        drop(disconnected);
        let (status, took) = server.stop(signal);
        assert!(status.success(), "{threads} {status}");
        assert!(
            took > SHUTDOWN_TIMEOUT - Duration::from_millis(100) && took < MAX_EXIT_TIME,
            "{threads} {took:?}"
        );
        server.process.expect_stderr("was dropped");
        server.process.expect_stderr("was dropped");
    });
}

fn a_blocked_server_exits(tool: &'static str, legacy: bool, succeeds: bool) {
    for_each_case(move |server, signal, threads| {
        let session = if legacy { server.open_session() } else { String::new() };
        let _call = server.call(tool, json!({}), &session);
        server.process.expect_stderr("blocking");
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
