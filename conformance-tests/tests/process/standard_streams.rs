//! What else is connected to the standard streams.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::host::{BOTH, Host, PROGRAM};

#[test]
fn stray_output_of_handlers_threads_and_children_is_on_standard_error() {
    for over in BOTH {
        let mut host = Host::start(over, &[]);
        let mut calls = Vec::new();
        for number in 0..20 {
            calls.push((host.call("print", &json!({})), "printed".to_owned()));
            let text = format!("é{number}\n");
            calls.push((host.call("echo", &json!({"text": text})), text));
        }
        calls.push((host.call("child", &json!({})), "0 bytes read, exit status: 0".to_owned()));
        // Every line is checked to be JSON as it arrives.
        let mut answers = std::collections::HashMap::new();
        for _ in &calls {
            let message = host.message();
            assert!(message.get("result").is_some(), "{message}");
            answers.insert(message["id"].to_string(), message);
        }
        for (id, text) in &calls {
            assert_eq!(answers[&id.to_string()]["result"]["content"][0]["text"], *text, "{over:?}");
        }
        host.close_input();
        let (status, _) = host.ends();
        assert!(status.success());
        let errors = host.errors();
        let count = |line: &str| errors.iter().filter(|seen| seen.contains(line)).count();
        assert_eq!(count("a stray line"), 20);
        assert_eq!(count("thread 7 line 99"), 20);
        assert_eq!(count("stray output of a child"), 1);
    }
}

#[test]
fn a_child_of_a_handler_cannot_take_messages() {
    for over in BOTH {
        let mut host = Host::start(over, &[]);
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

/// The whole conversation is in a file, and so are the answers: nothing may be lost when the
/// process ends.
#[test]
fn files_are_served_through_threads_to_the_last_byte() {
    let mut input = tempfile::tempfile().unwrap();
    let open = json!({"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"x","version":"1"}});
    let mut ask = |id: i64, method: &str, params: Value| {
        writeln!(input, "{}", json!({"jsonrpc":"2.0","id":id,"method":method,"params":params}))
            .unwrap();
    };
    ask(0, "initialize", open);
    for id in 1..=50 {
        ask(id, "tools/call", json!({"name":"size","arguments":{"ms": id * 3_000}}));
    }
    ask(51, "tools/call", json!({"name":"print","arguments":{}}));
    ask(52, "tools/call", json!({"name":"wait","arguments":{"ms":50}}));
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
fn an_output_that_cannot_be_written_to_ends_the_process() {
    let mut input = tempfile::tempfile().unwrap();
    writeln!(input, "{}", json!({"jsonrpc":"2.0","id":1,"method":"ping"})).unwrap();
    input.rewind().unwrap();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let status =
        Command::new(PROGRAM).stdin(input).stdout(full).stderr(Stdio::null()).status().unwrap();
    assert!(!status.success());
}
