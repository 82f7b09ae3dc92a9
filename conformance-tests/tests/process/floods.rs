//! Too much of everything.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::host::{BOTH, Host, Over};

/// Peak memory after a first call, in KiB.
fn idle(host: &mut Host) -> u64 {
    let id = host.call("echo", &json!({"text": "warm"}));
    host.answer(&id);
    host.peak()
}

fn still_works(host: &mut Host) {
    let id = host.call("echo", &json!({"text": "still here"}));
    assert_eq!(host.text(&id), "still here");
}

#[test]
fn four_mebibytes_of_tiny_values_take_no_memory() {
    for over in BOTH {
        let mut host = Host::start(over, &[]);
        let before = idle(&mut host);
        let tiny = |shape: &str, around: [&str; 2]| {
            let room = (4 << 20) - around.concat().len() - 1;
            let count = room / (shape.len() + 1);
            format!("{}{}{}\n", around[0], vec![shape; count].join(","), around[1])
        };
        let call = r#"{"jsonrpc":"2.0","id":"flood","method":"tools/call","params":{"name":"echo","arguments":{"text":["#;
        for line in [
            tiny(r#"{"":0}"#, ["[", "]"]),
            tiny("[]", ["[", "]"]),
            tiny("0", ["[", "]"]),
            tiny(r#"{"":0}"#, [call, "]}}}"]),
            tiny("[[]]", [call, "]}}}"]),
        ] {
            host.bytes(line.as_bytes());
            assert_eq!(host.message()["error"]["code"], -32600);
        }
        // As many values as pass, in as many bytes as pass.
        let text = format!("\"{}\"", "x".repeat(38));
        let most = vec![text.as_str(); 99_900].join(",");
        host.bytes(format!("{call}{most}]}}}}}}\n").as_bytes());
        assert_eq!(host.message()["id"], "flood");
        still_works(&mut host);
        let grown = host.peak() - before;
        println!("{over:?}: {before} KiB idle, {grown} KiB more at the peak");
        assert!(grown < 64 << 10, "{grown} KiB");
    }
}

#[test]
fn a_line_that_never_ends_takes_no_more_than_the_limit() {
    let mut host = Host::start(Over::Pipes, &[]);
    let before = idle(&mut host);
    let chunk = vec![b'['; 1 << 20];
    let started = Instant::now();
    for _ in 0..256 {
        host.bytes(&chunk);
    }
    let refused = host.message();
    assert_eq!(refused["error"]["code"], -32600, "{refused}");
    host.bytes(b"\n");
    still_works(&mut host);
    let grown = host.peak() - before;
    println!("256 MiB in {:?}, {grown} KiB more at the peak", started.elapsed());
    assert!(grown < 16 << 10, "{grown} KiB");
}

/// A message is a slice of what was read; a small one must not keep a large one behind it in
/// memory.
#[test]
fn small_calls_behind_large_messages_do_not_hold_them() {
    let mut host = Host::start(Over::Pipes, &[]);
    let before = idle(&mut host);
    let large =
        json!({"jsonrpc":"2.0","method":"notifications/x","params":{"pad":"x".repeat(1 << 20)}});
    for _ in 0..40 {
        host.send(&large);
        host.call("never", &json!({}));
    }
    still_works(&mut host);
    let grown = host.peak() - before;
    println!("{grown} KiB more at the peak");
    assert!(grown < 16 << 10, "{grown} KiB");
}

#[test]
fn twenty_thousand_calls_at_once_are_bounded_and_all_answered() {
    const CALLS: usize = 20_000;
    let mut host = Host::start(Over::Pipes, &[]);
    let before = idle(&mut host);
    let call = |id: usize| {
        let params = json!({"name":"wait","arguments":{"ms":20}});
        format!(
            "{}\n",
            json!({"jsonrpc":"2.0","id":id + 1_000,"method":"tools/call","params":params})
        )
    };
    let flood: String = (0..CALLS).map(call).collect();
    let held = host.call("never", &json!({}));
    let (first, second) =
        flood.split_at(flood.len() / 2 + flood[flood.len() / 2..].find('\n').unwrap() + 1);
    let started = Instant::now();
    host.bytes(first.as_bytes());
    let cancelled = Instant::now();
    host.send(
        &json!({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":held}}),
    );
    host.sees("was dropped");
    let cancel_took = cancelled.elapsed();
    host.bytes(second.as_bytes());
    let mut outcomes = vec![0_u8; CALLS];
    let (mut results, mut retryable) = (0, 0);
    for _ in 0..CALLS {
        let answer = host.message();
        outcomes[answer["id"].as_u64().unwrap() as usize - 1_000] += 1;
        match &answer["error"] {
            Value::Null => results += 1,
            error if error["data"]["retryable"] == true => retryable += 1,
            _ => panic!("{answer}"),
        }
    }
    let took = started.elapsed();
    assert!(outcomes.iter().all(|count| *count == 1), "answered twice, or not at all");
    let grown = host.peak() - before;
    let id = host.call("peak", &json!({}));
    let most: u64 = host.text(&id).parse().unwrap();
    println!(
        "{results} results, {retryable} refused in {took:?}; {grown} KiB, {most} at a time; cancel {cancel_took:?}"
    );
    assert!(most <= 256, "{most} at a time");
    assert!(results >= 1_280 && grown < 64 << 10);
    assert!(cancel_took < Duration::from_secs(1));
}
