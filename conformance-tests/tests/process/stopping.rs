//! The process exits in time, even if a handler misbehaves.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::json;

use crate::child::{PROGRAM, signal};
use crate::host::{Host, Streams, run_in_parallel};

/// The shutdown timeout in these tests.
const SHUTDOWN_TIMEOUT: (&str, &str) = ("SHUTDOWN_TIMEOUT_MS", "700");
/// Maximum time to the exit of a server with a running call: the shutdown timeout, the time that
/// blocked threads have, and a reserve for a busy machine.
const MAX_EXIT_TIME: Duration = Duration::from_secs(5);
/// Maximum time to the exit of an idle server.
const MAX_IDLE_EXIT_TIME: Duration = Duration::from_secs(1);

/// How a host stops a server.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stop {
    EndOfInput,
    /// A signal while the input stays open.
    Signal(Signal),
}

impl Stop {
    const ALL: [Self; 3] =
        [Self::EndOfInput, Self::Signal(Signal::TERM), Self::Signal(Signal::INT)];

    fn send(self, host: &mut Host) {
        match self {
            Self::EndOfInput => host.close_input(),
            Self::Signal(kind) => signal(&host.process, kind),
        }
    }
}

fn for_each_case(test: impl Fn(Streams, Stop, &'static str) + Send + Copy + 'static) {
    let mut cases: Vec<Box<dyn FnOnce() + Send>> = Vec::new();
    for streams in Streams::ALL {
        for stop in Stop::ALL {
            // 0 worker threads: the current-thread runtime.
            let runtimes: &[&str] =
                if streams == Streams::Pipes { &["0", "1", "2"] } else { &["2"] };
            for threads in runtimes.iter().copied() {
                cases.push(Box::new(move || test(streams, stop, threads)));
            }
        }
    }
    run_in_parallel(cases);
}

#[test]
fn an_idle_server_exits_immediately() {
    for_each_case(|streams, stop, threads| {
        let mut host = Host::start(streams, &[("WORKER_THREADS", threads)]);
        stop.send(&mut host);
        let (status, took) = host.process.wait_for_exit();
        assert!(status.success(), "{streams:?} {stop:?}: {status}");
        assert!(took < MAX_IDLE_EXIT_TIME, "{streams:?} {stop:?} {threads}: {took:?}");
    });
}

#[test]
fn running_calls_are_answered_before_the_exit() {
    for_each_case(|streams, stop, threads| {
        let mut host = Host::start(streams, &[("WORKER_THREADS", threads)]);
        let calls: Vec<_> = (0..50).map(|_| host.call("wait", &json!({"ms": 300}))).collect();
        let probe = host.call("echo", &json!({"text": "all are running"}));
        host.answer(&probe);
        stop.send(&mut host);
        let mut answered: Vec<_> = calls.iter().map(|_| host.message()["id"].as_i64()).collect();
        answered.sort_unstable();
        assert_eq!(
            answered,
            calls.iter().map(|id| id.as_i64()).collect::<Vec<_>>(),
            "{streams:?} {stop:?}"
        );
        let (status, took) = host.process.wait_for_exit();
        assert!(
            status.success() && took < MAX_IDLE_EXIT_TIME,
            "{streams:?} {stop:?}: {status}, {took:?}"
        );
    });
}

#[test]
fn an_endless_call_is_dropped_after_the_shutdown_timeout() {
    for_each_case(|streams, stop, threads| {
        let mut host = Host::start(streams, &[SHUTDOWN_TIMEOUT, ("WORKER_THREADS", threads)]);
        host.call("never", &json!({}));
        let probe = host.call("echo", &json!({"text": ""}));
        host.answer(&probe);
        stop.send(&mut host);
        let (status, took) = host.process.wait_for_exit();
        assert!(status.success(), "{streams:?} {stop:?}: {status}");
        assert!(
            took > Duration::from_millis(600) && took < MAX_EXIT_TIME,
            "{streams:?} {stop:?}: {took:?}"
        );
        host.process.expect_stderr("was dropped");
    });
}

/// Time that clients wait after closing the input before they send SIGTERM, and after SIGTERM
/// before they send SIGKILL, less a reserve. A server must exit before the next step.
const CLIENT_GRACE: Duration = Duration::from_millis(1_500);

#[test]
fn by_default_a_server_with_a_stuck_call_exits_before_clients_escalate() {
    for_each_case(|streams, stop, threads| {
        for tool in ["never", "block"] {
            let mut host = Host::start(streams, &[("WORKER_THREADS", threads)]);
            host.call(tool, &json!({}));
            if tool == "block" {
                host.process.expect_stderr("blocking");
            } else {
                let probe = host.call("echo", &json!({"text": ""}));
                host.answer(&probe);
            }
            stop.send(&mut host);
            let (_, took) = host.process.wait_for_exit();
            assert!(took < CLIENT_GRACE, "{streams:?} {stop:?} {threads} {tool}: {took:?}");
        }
    });
}

#[test]
fn a_signal_shortens_the_drain_and_a_second_one_ends_it() {
    let long_timeout = ("SHUTDOWN_TIMEOUT_MS", "20000");
    let start_endless_call = |host: &mut Host| {
        host.call("never", &json!({}));
        let probe = host.call("echo", &json!({"text": ""}));
        host.answer(&probe);
    };
    for streams in Streams::ALL {
        // The end of input, then a signal: a quarter of the shutdown timeout remains.
        let mut host = Host::start(streams, &[("SHUTDOWN_TIMEOUT_MS", "4000")]);
        start_endless_call(&mut host);
        host.close_input();
        signal(&host.process, Signal::TERM);
        let (status, took) = host.process.wait_for_exit();
        assert!(status.success(), "{streams:?}: {status}");
        assert!(took < Duration::from_millis(2_500), "{streams:?}: {took:?}");
        // Two signals: no time remains.
        for close_first in [false, true] {
            let mut host = Host::start(streams, &[long_timeout]);
            start_endless_call(&mut host);
            if close_first {
                host.close_input();
            }
            signal(&host.process, Signal::TERM);
            signal(&host.process, Signal::INT);
            let (status, took) = host.process.wait_for_exit();
            assert!(status.success(), "{streams:?}: {status}");
            assert!(took < MAX_IDLE_EXIT_TIME, "{streams:?} {close_first}: {took:?}");
        }
    }
}

fn a_blocked_server_exits(tool: &'static str, succeeds: bool) {
    for_each_case(move |streams, stop, threads| {
        let mut host = Host::start(streams, &[SHUTDOWN_TIMEOUT, ("WORKER_THREADS", threads)]);
        host.call(tool, &json!({}));
        host.process.expect_stderr("blocking");
        stop.send(&mut host);
        let (status, took) = host.process.wait_for_exit();
        assert_eq!(
            status.code(),
            Some(i32::from(!succeeds)),
            "{streams:?} {stop:?} {threads}: {status}"
        );
        assert!(took < MAX_EXIT_TIME, "{streams:?} {stop:?} {threads}: {took:?}");
    });
}

#[test]
fn a_handler_that_blocks_its_first_poll_cannot_prevent_the_exit() {
    a_blocked_server_exits("block", false);
}

#[test]
fn a_handler_that_blocks_a_later_poll_cannot_prevent_the_exit() {
    a_blocked_server_exits("block-later", false);
}

#[test]
fn a_handler_that_blocks_in_the_thread_pool_is_abandoned() {
    a_blocked_server_exits("block-in-pool", true);
}

#[test]
fn a_server_exits_when_its_output_is_closed() {
    for streams in Streams::ALL {
        let mut host = Host::start(streams, &[]);
        host.close_output();
        // The first answer makes the reading thread of the host end, which closes the pipe. The
        // next answer cannot be written.
        let before = Instant::now();
        while host.process.child.try_wait().unwrap().is_none() {
            assert!(before.elapsed() < MAX_EXIT_TIME, "{streams:?}: still running");
            // After the exit, writing the call fails.
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                host.call("echo", &json!({"text": "x"}))
            }))
            .ok();
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn a_server_exits_within_a_second_after_its_host_is_killed() {
    let rounds = (0..10).map(|_| -> Box<dyn FnOnce() + Send> {
        Box::new(|| {
            let mut parent =
                Command::new(PROGRAM).arg("parent").stdout(Stdio::piped()).spawn().unwrap();
            let mut line = String::new();
            BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let server = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
            // The kill may come during the start of the server, or after it.
            kill_process(Pid::from_child(&parent), Signal::KILL).unwrap();
            let before = Instant::now();
            parent.wait().unwrap();
            while is_alive(server) {
                assert!(before.elapsed() < MAX_IDLE_EXIT_TIME, "the server survived its host");
                std::thread::sleep(Duration::from_millis(2));
            }
        })
    });
    run_in_parallel(rounds.collect());
}

/// Whether the process runs. A zombie, which its new parent has not waited for yet, does not.
fn is_alive(process: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    let state =
        stat.ok().and_then(|stat| stat.rsplit_once(") ").map(|(_, rest)| rest.starts_with('Z')));
    test_kill_process(process).is_ok() && state == Some(false)
}
