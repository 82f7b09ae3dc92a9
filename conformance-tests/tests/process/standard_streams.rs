//! Handlers, threads, child processes and files that use the standard streams of the server.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::process::{Command, Stdio};

use mcp_test_support::message;
use serde_json::{Value, json};

use crate::child::PROGRAM;
use crate::host::{Host, Streams};

#[test]
fn stray_output_of_handlers_threads_and_children_goes_to_standard_error() {
    for streams in Streams::ALL {
        let mut host = Host::start(streams, &[]);
        let mut calls = Vec::new();
        for number in 0..20 {
            calls.push((host.call("print", &json!({})), "printed".to_owned()));
            let text = format!("é{number}\n");
            calls.push((host.call("echo", &json!({"text": text})), text));
        }
        calls.push((host.call("child", &json!({})), "0 bytes read, exit status: 0".to_owned()));
        // The host checks that each line is JSON.
        let mut answers = std::collections::HashMap::new();
        for _ in &calls {
            let message = host.message();
            assert!(message.get("result").is_some(), "{message}");
            answers.insert(message["id"].to_string(), message);
        }
        for (id, text) in &calls {
            assert_eq!(
                answers[&id.to_string()]["result"]["content"][0]["text"],
                *text,
                "{streams:?}"
            );
        }
        host.close_input();
        let (status, _) = host.process.wait_for_exit();
        assert!(status.success());
        let stderr = host.process.remaining_stderr();
        let count = |line: &str| stderr.iter().filter(|seen| seen.contains(line)).count();
        assert_eq!(count("a stray line"), 20);
        assert_eq!(count("thread 7 line 99"), 20);
        assert_eq!(count("stray output of a child"), 1);
    }
}

#[test]
fn a_child_process_of_a_handler_cannot_read_messages() {
    for streams in Streams::ALL {
        let mut host = Host::start(streams, &[]);
        for round in 0..20 {
            let child = host.call("child", &json!({}));
            let echo = host.call("echo", &json!({"text": round.to_string()}));
            let answers = [host.message(), host.message()];
            let text = |id: &Value| {
                let answer = answers.iter().find(|answer| answer["id"] == *id).unwrap();
                answer["result"]["content"][0]["text"].as_str().unwrap().to_owned()
            };
            assert_eq!(text(&child), "0 bytes read, exit status: 0");
            assert_eq!(text(&echo), round.to_string());
        }
    }
}

/// The input is a file with all messages, and the output is a file. No answer may be lost when the
/// process exits.
#[test]
fn a_conversation_in_files_is_answered_completely() {
    let mut input = tempfile::tempfile().unwrap();
    let mut write = |message: Value| writeln!(input, "{message}").unwrap();
    write(message::initialize("2025-06-18", json!({})));
    for id in 1..=50 {
        write(message::call(id, "size", json!({"length": id * 3_000})));
    }
    write(message::call(51, "print", json!({})));
    write(message::call(52, "wait", json!({"ms": 50})));
    for round in 0..5 {
        let mut input = input.try_clone().unwrap();
        input.rewind().unwrap();
        let output = tempfile::NamedTempFile::new().unwrap();
        let mut child = Command::new(PROGRAM)
            .stdin(input)
            .stdout(File::create(output.path()).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        assert!(child.wait().unwrap().success());
        let written = std::fs::read_to_string(output.path()).unwrap();
        let mut ids: Vec<_> = (written.lines())
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_i64().unwrap())
            .collect();
        ids.sort_unstable();
        assert_eq!(ids, (0..=52).collect::<Vec<_>>(), "round {round}");
        assert!(written.ends_with('\n'));
    }
}

#[test]
fn a_server_exits_when_a_write_fails() {
    let mut input = tempfile::tempfile().unwrap();
    writeln!(input, "{}", json!({"jsonrpc":"2.0","id":1,"method":"ping"})).unwrap();
    input.rewind().unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let status =
        Command::new(PROGRAM).stdin(input).stdout(full).stderr(Stdio::null()).status().unwrap();
    assert!(!status.success());
}
