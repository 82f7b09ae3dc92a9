//! Calls in both directions, each answered with its own answer.

use std::sync::Arc;

use mcp_core::Limits;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::{CallError, Peer, Service as _};
use mcp_core::transport::TransportErrorKind;
use mcp_core::transport::stream;
use serde_json::{Value, json};

use crate::support::{Bench, Drop1, Local, Random, idle, nonce, request};

/// Two engines that talk to each other, through a pipe of that many bytes.
async fn pair(pipe: usize, one_byte: bool) -> [(stream::Remote, Arc<Local>); 2] {
    let (a, b) = tokio::io::duplex(pipe);
    let mut ends = Vec::new();
    for end in [a, b] {
        let local = Arc::new(Local::default());
        let open = |_: Peer| Arc::clone(&local);
        let remote = if one_byte {
            let (reader, writer) = tokio::io::split(Drop1(end));
            let (remote, driver) = stream::connect(reader, writer, &Limits::default(), open);
            tokio::spawn(driver.run(std::future::pending()));
            remote
        } else {
            let (reader, writer) = tokio::io::split(end);
            let (remote, driver) = stream::connect(reader, writer, &Limits::default(), open);
            tokio::spawn(driver.run(std::future::pending()));
            remote
        };
        ends.push((remote, local));
    }
    ends.try_into().unwrap_or_else(|_| unreachable!())
}

/// Calls from both ends at the same time with the same ids; every answer has its caller's nonce.
async fn crossfire(ends: [(stream::Remote, Arc<Local>); 2], calls: u64, methods: &[&'static str]) {
    let mut waiting = Vec::new();
    for number in 0..calls {
        for (end, (remote, _)) in ends.iter().enumerate() {
            let remote = remote.clone();
            let secret = number * 2 + end as u64;
            let method = methods[number as usize % methods.len()];
            let ask = request(number as i64, method, secret);
            waiting.push((secret, tokio::spawn(async move { remote.call(ask).await })));
        }
    }
    for (secret, answer) in waiting {
        assert_eq!(nonce(&answer.await.unwrap()), Some(secret));
    }
    for (remote, _) in &ends {
        assert_eq!(remote.stats(), stream::Stats::default());
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_each_way_with_the_same_ids_get_their_own_answers() {
    crossfire(pair(64 << 10, false).await, 1_000, &["echo", "later", "echo"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_do_not_mix_answers_up() {
    crossfire(pair(4 << 10, false).await, 1_000, &["later", "echo"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_pipe_of_a_few_bytes_loses_nothing() {
    crossfire(pair(7, false).await, 200, &["echo", "later"]).await;
}

#[tokio::test(start_paused = true)]
async fn single_bytes_in_both_directions_lose_nothing() {
    crossfire(pair(1 << 10, true).await, 100, &["echo", "later"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_asks_back_while_its_own_call_runs_even_with_the_same_id() {
    let [(remote, _), (other, _)] = pair(1 << 10, false).await;
    let calls = (0..200).map(|number| remote.call(request(number, "ask", number as u64)));
    for (number, answer) in futures::future::join_all(calls).await.iter().enumerate() {
        assert_eq!(nonce(answer), Some(number as u64));
    }
    assert_eq!((remote.stats(), other.stats()), Default::default());
}

#[tokio::test(start_paused = true)]
async fn one_id_in_both_directions_is_two_requests() {
    let mut bench = Bench::new(&Limits::default());
    let ours = bench.call(request(1, "echo", 10));
    bench.wire.request(1, "hold", 20).await;
    assert_eq!(bench.wire.message().await["method"], "echo");
    idle().await;
    bench.wire.result(&json!(1), 30).await;
    assert_eq!(nonce(&ours.await.unwrap()), Some(30));
    bench.local.release(20);
    assert_eq!(bench.wire.message().await, json!({"jsonrpc":"2.0","id":1,"result":{"n":20}}));
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn ids_are_told_apart_by_type_and_come_back_as_they_were() {
    let mut bench = Bench::new(&Limits::default());
    let ids: [RequestId; 6] =
        ["1".into(), 1.into(), i64::MAX.into(), i64::MIN.into(), "".into(), "é\"\\\n".into()];
    for (nonce, id) in ids.iter().enumerate() {
        bench.wire.request(id.clone(), "echo", nonce as u64).await;
    }
    for (nonce, id) in ids.iter().enumerate() {
        let expected = json!({"jsonrpc":"2.0","id":id,"result":{"n":nonce}});
        assert_eq!(bench.wire.message().await, expected);
    }
    let waiting: Vec<_> = ids.iter().map(|id| bench.call(request(id.clone(), "echo", 0))).collect();
    let mut questions = Vec::new();
    for _ in &ids {
        questions.push(bench.wire.message().await);
    }
    for (nonce, question) in questions.iter().enumerate().rev() {
        bench.wire.result(&question["id"], nonce as u64).await;
    }
    for (expected, answer) in waiting.into_iter().enumerate() {
        assert_eq!(nonce(&answer.await.unwrap()), Some(expected as u64));
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_nobody_waits_for_are_dropped() {
    let mut bench = Bench::new(&Limits::default());
    let call = bench.call(request(1, "echo", 1));
    bench.wire.message().await;
    for stray in [json!(2), json!("1"), json!(i64::MAX), json!("")] {
        bench.wire.result(&stray, 99).await;
    }
    bench.wire.send(r#"{"jsonrpc":"2.0","error":{"code":1,"message":"about nothing"}}"#).await;
    bench.wire.result(&json!(1), 7).await;
    bench.wire.result(&json!(1), 8).await;
    assert_eq!(nonce(&call.await.unwrap()), Some(7));
    idle().await;
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new(), "an answer was answered");
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_malformed_answer_ends_its_call_and_is_not_answered() {
    let mut bench = Bench::new(&Limits::default());
    // The peer has a request with the same id under way, which an error would be taken for the answer of.
    bench.wire.request(1, "hold", 5).await;
    let call = bench.call(request(1, "echo", 1));
    assert_eq!(bench.wire.message().await["method"], "echo");
    bench.wire.send(r#"{"jsonrpc":"2.0","id":1,"result":[]}"#).await;
    let Err(CallError::Transport(error)) = call.await.unwrap() else { panic!("an answer") };
    assert_eq!(error.kind(), TransportErrorKind::Protocol);
    idle().await;
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new());
    bench.local.release(5);
    assert_eq!(bench.wire.message().await["result"]["n"], 5);
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn an_id_is_free_again_once_it_was_answered() {
    let mut bench = Bench::new(&Limits::default());
    let first = bench.call(request(1, "echo", 1));
    bench.wire.message().await;
    let twice = bench.call(request(1, "echo", 2)).await.unwrap();
    assert!(
        matches!(twice, Err(CallError::Transport(error)) if error.kind() == TransportErrorKind::Protocol)
    );

    // The answer is here, but the first caller has not looked yet when it leaves: the second must not notice.
    let remote = bench.remote.clone();
    let mut second = Box::pin(remote.call(request(2, "echo", 3)));
    assert!(futures::FutureExt::now_or_never(&mut second).is_none());
    bench.wire.message().await;
    bench.wire.result(&json!(2), 3).await;
    idle().await;
    let third = bench.call(request(2, "echo", 4));
    assert_eq!(bench.wire.message().await["params"]["n"], 4);
    drop(second);
    idle().await;
    assert_eq!(bench.wire.arrived().await, Vec::<Value>::new(), "the second request was cancelled");
    bench.wire.result(&json!(2), 4).await;
    assert_eq!(nonce(&third.await.unwrap()), Some(4));
    bench.wire.result(&json!(1), 1).await;
    assert_eq!(nonce(&first.await.unwrap()), Some(1));
    bench.leaves_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn answers_at_once_and_notifications_keep_the_order_of_the_lines() {
    let mut bench = Bench::new(&Limits::default());
    let mut random = Random::new(11);
    let mut expected = Vec::new();
    for nonce in 0..500 {
        if random.below(3) == 0 {
            bench.wire.note("tell", nonce).await;
            expected.push(format!("note tell {nonce}"));
        } else {
            bench.wire.request(nonce as i64, "echo", nonce).await;
        }
    }
    idle().await;
    assert_eq!(bench.local.log(), expected);
    let answers = bench.wire.arrived().await;
    assert_eq!(answers.len() + expected.len(), 500);
    assert!(answers.windows(2).all(|two| two[0]["id"].as_i64() < two[1]["id"].as_i64()));
}

#[tokio::test(start_paused = true)]
async fn notifications_of_a_handler_arrive_before_its_answer() {
    let mut bench = Bench::new(&Limits::default());
    // One that never waits is answered on the spot.
    for nonce in 0..50 {
        bench.wire.request(nonce as i64, ["tell", "echo"][nonce as usize % 2], nonce).await;
    }
    idle().await;
    let order: Vec<_> =
        bench.wire.arrived().await.iter().map(|message| message["id"].as_i64()).collect();
    let expected =
        (0..50).flat_map(|id| if id % 2 == 0 { vec![None, Some(id)] } else { vec![Some(id)] });
    assert_eq!(order, expected.collect::<Vec<_>>());
    for nonce in 0..50 {
        bench.wire.request(nonce as i64, "hold", nonce).await;
    }
    idle().await;
    let peer = bench.peer();
    for nonce in 0..50 {
        let params = request(0, "x", nonce).params;
        peer.notify(mcp_core::service::Notification::new("told", params)).await;
        bench.local.release(nonce);
    }
    let mut told = std::collections::HashSet::new();
    for _ in 0..100 {
        let message = bench.wire.message().await;
        match message["method"].as_str() {
            Some(_) => assert!(told.insert(message["params"]["n"].as_u64())),
            None => assert!(told.contains(&message["result"]["n"].as_u64())),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_answered_and_hurts_nobody() {
    let mut bench = Bench::with(&Limits::default(), Local::with_batches(), 1 << 20);
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    bench.wire.request(1, "hold", 1).await;
    bench.wire.request(2, "panic", 2).await;
    bench.wire.request(3, "panic-later", 3).await;
    let entry = |id, method| json!({"jsonrpc":"2.0","id":id,"method":method,"params":{"n":id}});
    bench
        .wire
        .send(json!([entry(4, "panic"), entry(5, "later"), entry(6, "panic-later")]).to_string())
        .await;
    bench.wire.request(7, "echo", 7).await;
    idle().await;
    std::panic::set_hook(quiet);
    bench.local.release(1);
    idle().await;
    let mut outcomes: Vec<_> = (bench.wire.arrived().await.into_iter())
        .flat_map(|message| match message {
            Value::Array(entries) => entries,
            one => vec![one],
        })
        .map(|message| (message["id"].as_i64().unwrap(), message["error"]["code"].as_i64()))
        .collect();
    outcomes.sort_unstable();
    let panicked = Some(-32603);
    let expected = [
        (1, None),
        (2, panicked),
        (3, panicked),
        (4, panicked),
        (5, None),
        (6, panicked),
        (7, None),
    ];
    assert_eq!(outcomes, expected);
    bench.leaves_nothing().await;
}
