//! Clients that send too much, or send it without an end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::host::{Host, Streams};

/// Makes a first call. Returns the peak memory after it, in KiB.
fn warm_up(host: &mut Host) -> u64 {
    let id = host.call("echo", &json!({"text": "warm"}));
    host.answer(&id);
    host.peak_memory_kib()
}

fn assert_still_works(host: &mut Host) {
    let id = host.call("echo", &json!({"text": "still working"}));
    assert_eq!(host.text(&id), "still working");
}

#[test]
fn four_mebibytes_of_tiny_values_use_little_memory() {
    for streams in Streams::ALL {
        let mut host = Host::start(streams, &[]);
        let before = warm_up(&mut host);
        let fill = |value: &str, around: [&str; 2]| {
            let space = (4 << 20) - around.concat().len() - 1;
            let count = space / (value.len() + 1);
            format!("{}{}{}\n", around[0], vec![value; count].join(","), around[1])
        };
        let call = r#"{"jsonrpc":"2.0","id":"flood","method":"tools/call","params":{"name":"echo","arguments":{"text":["#;
        for line in [
            fill(r#"{"":0}"#, ["[", "]"]),
            fill("[]", ["[", "]"]),
            fill("0", ["[", "]"]),
            fill(r#"{"":0}"#, [call, "]}}}"]),
            fill("[[]]", [call, "]}}}"]),
        ] {
            host.send_bytes(line.as_bytes());
            assert_eq!(host.message()["error"]["code"], -32600);
        }
        // Just below both limits: the number of values, and the length of a message.
        let text = format!("\"{}\"", "x".repeat(38));
        let values = vec![text.as_str(); 99_900].join(",");
        host.send_bytes(format!("{call}{values}]}}}}}}\n").as_bytes());
        assert_eq!(host.message()["id"], "flood");
        assert_still_works(&mut host);
        let grown = host.peak_memory_kib() - before;
        println!("{streams:?}: {before} KiB idle, peak memory grew by {grown} KiB");
        assert!(grown < 64 << 10, "peak memory grew by {grown} KiB");
    }
}

#[test]
fn a_line_without_an_end_uses_no_more_memory_than_the_limit() {
    let mut host = Host::start(Streams::Pipes, &[]);
    let before = warm_up(&mut host);
    let chunk = vec![b'['; 1 << 20];
    let started = Instant::now();
    for _ in 0..256 {
        host.send_bytes(&chunk);
    }
    let refused = host.message();
    assert_eq!(refused["error"]["code"], -32600, "{refused}");
    host.send_bytes(b"\n");
    assert_still_works(&mut host);
    let grown = host.peak_memory_kib() - before;
    println!("256 MiB in {:?}, peak memory grew by {grown} KiB", started.elapsed());
    assert!(grown < 16 << 10, "peak memory grew by {grown} KiB");
}

/// A message is a slice of the read buffer. A small message must not keep a buffer alive that also
/// holds a large one.
#[test]
fn small_calls_do_not_keep_large_messages_in_memory() {
    let mut host = Host::start(Streams::Pipes, &[]);
    let before = warm_up(&mut host);
    let large =
        json!({"jsonrpc":"2.0","method":"notifications/x","params":{"pad":"x".repeat(1 << 20)}});
    for _ in 0..40 {
        host.send(&large);
        host.call("never", &json!({}));
    }
    assert_still_works(&mut host);
    let grown = host.peak_memory_kib() - before;
    println!("peak memory grew by {grown} KiB");
    assert!(grown < 16 << 10, "peak memory grew by {grown} KiB");
}

#[test]
fn twenty_thousand_calls_at_once_are_bounded_and_all_answered() {
    const CALLS: usize = 20_000;
    let mut host = Host::start(Streams::Pipes, &[]);
    let before = warm_up(&mut host);
    let call = |id: usize| {
        let params = json!({"name":"wait","arguments":{"ms":20}});
        format!(
            "{}\n",
            json!({"jsonrpc":"2.0","id":id + 1_000,"method":"tools/call","params":params})
        )
    };
    let flood: String = (0..CALLS).map(call).collect();
    let endless = host.call("never", &json!({}));
    let (first, second) =
        flood.split_at(flood.len() / 2 + flood[flood.len() / 2..].find('\n').unwrap() + 1);
    let started = Instant::now();
    host.send_bytes(first.as_bytes());
    let cancelled = Instant::now();
    host.send(
        &json!({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":endless}}),
    );
    host.process.expect_stderr("was dropped");
    let cancel_took = cancelled.elapsed();
    host.send_bytes(second.as_bytes());
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
    assert!(outcomes.iter().all(|count| *count == 1), "a call was not answered exactly once");
    let grown = host.peak_memory_kib() - before;
    let id = host.call("peak", &json!({}));
    let max_running: u64 = host.text(&id).parse().unwrap();
    println!(
        "{results} results, {retryable} refused in {took:?}; {grown} KiB, {max_running} at a time; cancel {cancel_took:?}"
    );
    assert!(max_running <= 256, "{max_running} calls ran at the same time");
    assert!(results >= 1_280, "only {results} results");
    assert!(grown < 64 << 10, "peak memory grew by {grown} KiB");
    assert!(cancel_took < Duration::from_secs(1), "the cancellation took {cancel_took:?}");
}
