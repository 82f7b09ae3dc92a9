//! The process ends when it should, in the time it should, whatever its handlers do.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::json;

use crate::host::{BOTH, Host, Over, PROGRAM, all_at_once};

/// The drain time in these tests.
const DRAIN: (&str, &str) = ("HARD_DRAIN_MS", "700");
/// The shutdown timeout, the grace for what blocks, and the machine's own slowness.
const BOUND: Duration = Duration::from_secs(5);
/// What an idle server may take.
const AT_ONCE: Duration = Duration::from_secs(1);

/// How a server is told to end.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    /// End of input.
    Input,
    /// A signal, with the input open.
    Signal(Signal),
}

const WAYS: [Told; 3] = [Told::Input, Told::Signal(Signal::TERM), Told::Signal(Signal::INT)];

impl Told {
    fn tell(self, host: &mut Host) {
        match self {
            Self::Input => host.close_input(),
            Self::Signal(signal) => host.signal(signal),
        }
    }
}

fn for_each_way(test: impl Fn(Over, Told, &'static str) + Send + Copy + 'static) {
    let mut cases: Vec<Box<dyn FnOnce() + Send>> = Vec::new();
    for over in BOTH {
        for told in WAYS {
            // The main thread alone, one worker, two.
            let runtimes: &[&str] = if over == Over::Pipes { &["0", "1", "2"] } else { &["2"] };
            for threads in runtimes.iter().copied() {
                cases.push(Box::new(move || test(over, told, threads)));
            }
        }
    }
    all_at_once(cases);
}

#[test]
fn an_idle_server_ends_at_once() {
    for_each_way(|over, told, threads| {
        let mut host = Host::start(over, &[("HARD_THREADS", threads)]);
        told.tell(&mut host);
        let (status, took) = host.ends();
        assert!(status.success(), "{over:?} {told:?}: {status}");
        assert!(took < AT_ONCE, "{over:?} {told:?} {threads}: {took:?}");
    });
}

#[test]
fn running_calls_are_answered_before_the_end() {
    for_each_way(|over, told, threads| {
        let mut host = Host::start(over, &[("HARD_THREADS", threads)]);
        let calls: Vec<_> = (0..50).map(|_| host.call("wait", &json!({"ms": 300}))).collect();
        let probe = host.call("echo", &json!({"text": "all are running"}));
        host.answer(&probe);
        told.tell(&mut host);
        let mut answered: Vec<_> = calls.iter().map(|_| host.message()["id"].as_i64()).collect();
        answered.sort_unstable();
        assert_eq!(
            answered,
            calls.iter().map(|id| id.as_i64()).collect::<Vec<_>>(),
            "{over:?} {told:?}"
        );
        let (status, took) = host.ends();
        assert!(status.success() && took < AT_ONCE, "{over:?} {told:?}: {status}, {took:?}");
    });
}

#[test]
fn a_call_that_never_ends_is_dropped_after_the_drain_time() {
    for_each_way(|over, told, threads| {
        let mut host = Host::start(over, &[DRAIN, ("HARD_THREADS", threads)]);
        host.call("never", &json!({}));
        let probe = host.call("echo", &json!({"text": ""}));
        host.answer(&probe);
        told.tell(&mut host);
        let (status, took) = host.ends();
        assert!(status.success(), "{over:?} {told:?}: {status}");
        assert!(took > Duration::from_millis(600) && took < BOUND, "{over:?} {told:?}: {took:?}");
        host.sees("was dropped");
    });
}

/// What a client waits between closing the input, SIGTERM and SIGKILL. A server must never meet the
/// next step.
const LADDER: Duration = Duration::from_millis(1_500);

#[test]
fn by_default_a_call_that_never_ends_keeps_the_process_for_less_than_a_client_waits() {
    for_each_way(|over, told, threads| {
        for tool in ["never", "block"] {
            let mut host = Host::start(over, &[("HARD_THREADS", threads)]);
            host.call(tool, &json!({}));
            if tool == "block" {
                host.sees("blocking");
            } else {
                let probe = host.call("echo", &json!({"text": ""}));
                host.answer(&probe);
            }
            told.tell(&mut host);
            let (_, took) = host.ends();
            assert!(took < LADDER, "{over:?} {told:?} {threads} {tool}: {took:?}");
        }
    });
}

#[test]
fn a_signal_shortens_a_drain_and_a_second_one_ends_it() {
    let drain = ("HARD_DRAIN_MS", "20000");
    let never = |host: &mut Host| {
        host.call("never", &json!({}));
        let probe = host.call("echo", &json!({"text": ""}));
        host.answer(&probe);
    };
    for over in BOTH {
        // The end of input and one signal: a quarter of the time is left.
        let mut host = Host::start(over, &[("HARD_DRAIN_MS", "4000")]);
        never(&mut host);
        host.close_input();
        host.signal(Signal::TERM);
        let (status, took) = host.ends();
        assert!(status.success(), "{over:?}: {status}");
        assert!(took < Duration::from_millis(2_500), "{over:?}: {took:?}");
        // Two signals: none is left.
        for first_close in [false, true] {
            let mut host = Host::start(over, &[drain]);
            never(&mut host);
            if first_close {
                host.close_input();
            }
            host.signal(Signal::TERM);
            host.signal(Signal::INT);
            let (status, took) = host.ends();
            assert!(status.success(), "{over:?}: {status}");
            assert!(took < AT_ONCE, "{over:?} {first_close}: {took:?}");
        }
    }
}

fn a_blocked_server_ends(tool: &'static str, succeeds: bool) {
    for_each_way(move |over, told, threads| {
        let mut host = Host::start(over, &[DRAIN, ("HARD_THREADS", threads)]);
        host.call(tool, &json!({}));
        host.sees("blocking");
        told.tell(&mut host);
        let (status, took) = host.ends();
        assert_eq!(
            status.code(),
            Some(i32::from(!succeeds)),
            "{over:?} {told:?} {threads}: {status}"
        );
        assert!(took < BOUND, "{over:?} {told:?} {threads}: {took:?}");
    });
}

#[test]
fn a_handler_that_blocks_where_it_stands_cannot_keep_the_process() {
    a_blocked_server_ends("block", false);
}

#[test]
fn a_handler_that_blocks_after_a_while_cannot_keep_the_process() {
    a_blocked_server_ends("block-later", false);
}

#[test]
fn a_handler_that_blocks_in_the_pool_is_left_behind() {
    a_blocked_server_ends("block-in-pool", true);
}

#[test]
fn an_output_without_a_reader_ends_the_process() {
    for over in BOTH {
        let mut host = Host::start(over, &[]);
        host.close_output();
        // The first answer finds nobody; what the thread that read has seen by then goes nowhere.
        let before = Instant::now();
        while host.child.try_wait().unwrap().is_none() {
            assert!(before.elapsed() < BOUND, "{over:?}: it goes on");
            // Once it has gone, there is nobody to write to.
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                host.call("echo", &json!({"text": "x"}))
            }))
            .ok();
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn a_server_whose_host_is_killed_is_gone_within_a_second() {
    let rounds = (0..10).map(|_| -> Box<dyn FnOnce() + Send> {
        Box::new(|| {
            let mut parent =
                Command::new(PROGRAM).arg("parent").stdout(Stdio::piped()).spawn().unwrap();
            let mut line = String::new();
            BufReader::new(parent.stdout.take().unwrap()).read_line(&mut line).unwrap();
            let server = Pid::from_raw(line.trim().parse().unwrap()).unwrap();
            // Killed at some moment of its start, or after it.
            kill_process(Pid::from_child(&parent), Signal::KILL).unwrap();
            let before = Instant::now();
            parent.wait().unwrap();
            while is_alive(server) {
                assert!(before.elapsed() < AT_ONCE, "the server survived its host");
                std::thread::sleep(Duration::from_millis(2));
            }
        })
    });
    all_at_once(rounds.collect());
}

/// A process that has ended and was not yet collected by whoever inherited it does not count.
fn is_alive(process: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    let state =
        stat.ok().and_then(|stat| stat.rsplit_once(") ").map(|(_, rest)| rest.starts_with('Z')));
    test_kill_process(process).is_ok() && state == Some(false)
}
