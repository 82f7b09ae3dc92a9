//! Calls in both directions; each receives its own answer.

use std::sync::Arc;

use mcp_core::ConnectionLimits;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::{CallError, Peer, Service as _};
use mcp_core::transport::TransportErrorKind;
use mcp_core::transport::stream;
use mcp_test_support::Random;
use serde_json::{Value, json};

use crate::support::{
    Harness, Local, NonceMessages as _, OneByteStream, nonce, request, until_idle,
};

/// Two engines that are connected by a pipe of `pipe_bytes` bytes.
async fn pair(pipe_bytes: usize, one_byte_at_a_time: bool) -> [(stream::Remote, Arc<Local>); 2] {
    let (a, b) = tokio::io::duplex(pipe_bytes);
    let mut ends = Vec::new();
    for end in [a, b] {
        let local = Arc::new(Local::default());
        let open = |_: Peer| Arc::clone(&local);
        let remote = if one_byte_at_a_time {
            let (reader, writer) = tokio::io::split(OneByteStream(end));
            let (remote, driver) =
                stream::connect(reader, writer, &ConnectionLimits::default(), open);
            tokio::spawn(driver.run(futures::stream::pending()));
            remote
        } else {
            let (reader, writer) = tokio::io::split(end);
            let (remote, driver) =
                stream::connect(reader, writer, &ConnectionLimits::default(), open);
            tokio::spawn(driver.run(futures::stream::pending()));
            remote
        };
        ends.push((remote, local));
    }
    ends.try_into().unwrap_or_else(|_| unreachable!())
}

/// Calls from both ends at the same time with the same ids. Every answer must have its caller's
/// nonce.
async fn call_from_both_ends(
    ends: [(stream::Remote, Arc<Local>); 2],
    calls: u64,
    methods: &[&'static str],
) {
    let mut waiting = Vec::new();
    for number in 0..calls {
        for (end, (remote, _)) in ends.iter().enumerate() {
            let remote = remote.clone();
            let nonce_sent = number * 2 + end as u64;
            let method = methods[number as usize % methods.len()];
            let request = request(number as i64, method, nonce_sent);
            waiting.push((nonce_sent, tokio::spawn(async move { remote.call(request).await })));
        }
    }
    for (nonce_sent, answer) in waiting {
        assert_eq!(nonce(&answer.await.unwrap()), Some(nonce_sent));
    }
    for (remote, _) in &ends {
        assert_eq!(remote.stats(), stream::Stats::default());
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_each_way_with_the_same_ids_get_their_own_answers() {
    call_from_both_ends(pair(64 << 10, false).await, 1_000, &["echo", "later", "echo"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_not_mixed_up_across_threads() {
    call_from_both_ends(pair(4 << 10, false).await, 1_000, &["later", "echo"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_pipe_of_a_few_bytes_loses_nothing() {
    call_from_both_ends(pair(7, false).await, 200, &["echo", "later"]).await;
}

#[tokio::test(start_paused = true)]
async fn single_bytes_in_both_directions_lose_nothing() {
    call_from_both_ends(pair(1 << 10, true).await, 100, &["echo", "later"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_can_call_its_caller_with_the_same_id() {
    let [(remote, _), (other, _)] = pair(1 << 10, false).await;
    let calls = (0..200).map(|number| remote.call(request(number, "ask", number as u64)));
    for (number, answer) in futures::future::join_all(calls).await.iter().enumerate() {
        assert_eq!(nonce(answer), Some(number as u64));
    }
    assert_eq!((remote.stats(), other.stats()), Default::default());
}

#[tokio::test(start_paused = true)]
async fn the_same_id_in_both_directions_is_two_requests() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    let outgoing = harness.call(request(1, "echo", 10));
    harness.wire.request(1, "hold", 20).await;
    assert_eq!(harness.wire.message().await["method"], "echo");
    until_idle().await;
    harness.wire.result(&json!(1), 30).await;
    assert_eq!(nonce(&outgoing.await.unwrap()), Some(30));
    harness.local.release(20);
    assert_eq!(harness.wire.message().await, json!({"jsonrpc":"2.0","id":1,"result":{"n":20}}));
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn integer_and_string_ids_are_different_and_returned_unchanged() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    let ids: [RequestId; 6] =
        ["1".into(), 1.into(), i64::MAX.into(), i64::MIN.into(), "".into(), "é\"\\\n".into()];
    for (nonce, id) in ids.iter().enumerate() {
        harness.wire.request(id.clone(), "echo", nonce as u64).await;
    }
    for (nonce, id) in ids.iter().enumerate() {
        let expected = json!({"jsonrpc":"2.0","id":id,"result":{"n":nonce}});
        assert_eq!(harness.wire.message().await, expected);
    }
    let waiting: Vec<_> =
        ids.iter().map(|id| harness.call(request(id.clone(), "echo", 0))).collect();
    let mut questions = Vec::new();
    for _ in &ids {
        questions.push(harness.wire.message().await);
    }
    for (nonce, question) in questions.iter().enumerate().rev() {
        harness.wire.result(&question["id"], nonce as u64).await;
    }
    for (expected, answer) in waiting.into_iter().enumerate() {
        assert_eq!(nonce(&answer.await.unwrap()), Some(expected as u64));
    }
}

#[tokio::test(start_paused = true)]
async fn answers_to_no_pending_request_are_dropped() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    let call = harness.call(request(1, "echo", 1));
    harness.wire.message().await;
    for stray in [json!(2), json!("1"), json!(i64::MAX), json!("")] {
        harness.wire.result(&stray, 99).await;
    }
    harness.wire.send_line(r#"{"jsonrpc":"2.0","error":{"code":1,"message":"no request"}}"#).await;
    harness.wire.result(&json!(1), 7).await;
    harness.wire.result(&json!(1), 8).await;
    assert_eq!(nonce(&call.await.unwrap()), Some(7));
    until_idle().await;
    assert_eq!(
        harness.wire.received().await,
        Vec::<Value>::new(),
        "an answer must not be answered"
    );
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn a_malformed_answer_fails_its_call_and_is_not_answered() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    // The peer has a running request with the same id. It would take an error for the answer to
    // that.
    harness.wire.request(1, "hold", 5).await;
    let call = harness.call(request(1, "echo", 1));
    assert_eq!(harness.wire.message().await["method"], "echo");
    harness.wire.send_line(r#"{"jsonrpc":"2.0","id":1,"result":[]}"#).await;
    let Err(CallError::Transport(error)) = call.await.unwrap() else { panic!("an answer") };
    assert_eq!(error.kind(), TransportErrorKind::OutcomeUnknown);
    until_idle().await;
    assert_eq!(harness.wire.received().await, Vec::<Value>::new());
    harness.local.release(5);
    assert_eq!(harness.wire.message().await["result"]["n"], 5);
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn an_answered_id_can_be_reused() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    let first = harness.call(request(1, "echo", 1));
    harness.wire.message().await;
    let duplicate = harness.call(request(1, "echo", 2)).await.unwrap();
    assert!(
        matches!(duplicate, Err(CallError::Transport(error)) if error.kind() == TransportErrorKind::Protocol)
    );

    // The answer has arrived, but its caller is dropped before reading it. The second request with
    // the id must not be affected.
    let remote = harness.remote.clone();
    let mut second = Box::pin(remote.call(request(2, "echo", 3)));
    assert!(futures::FutureExt::now_or_never(&mut second).is_none());
    harness.wire.message().await;
    harness.wire.result(&json!(2), 3).await;
    until_idle().await;
    let third = harness.call(request(2, "echo", 4));
    assert_eq!(harness.wire.message().await["params"]["n"], 4);
    drop(second);
    until_idle().await;
    assert_eq!(
        harness.wire.received().await,
        Vec::<Value>::new(),
        "the second request must not be cancelled"
    );
    harness.wire.result(&json!(2), 4).await;
    assert_eq!(nonce(&third.await.unwrap()), Some(4));
    harness.wire.result(&json!(1), 1).await;
    assert_eq!(nonce(&first.await.unwrap()), Some(1));
    harness.assert_nothing_left().await;
}

#[tokio::test(start_paused = true)]
async fn immediate_answers_and_notifications_keep_the_order_of_the_lines() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    let mut random = Random::new(11);
    let mut expected = Vec::new();
    for nonce in 0..500 {
        if random.below(3) == 0 {
            harness.wire.notify("event", nonce).await;
            expected.push(format!("event {nonce}"));
        } else {
            harness.wire.request(nonce as i64, "echo", nonce).await;
        }
    }
    until_idle().await;
    assert_eq!(harness.local.log(), expected);
    let answers = harness.wire.received().await;
    assert_eq!(answers.len() + expected.len(), 500);
    assert!(answers.windows(2).all(|two| two[0]["id"].as_i64() < two[1]["id"].as_i64()));
}

#[tokio::test(start_paused = true)]
async fn notifications_from_a_handler_arrive_before_its_answer() {
    let mut harness = Harness::new(&ConnectionLimits::default());
    // A handler that never waits is answered in place.
    for nonce in 0..50 {
        harness.wire.request(nonce as i64, ["emit", "echo"][nonce as usize % 2], nonce).await;
    }
    until_idle().await;
    let order: Vec<_> =
        harness.wire.received().await.iter().map(|message| message["id"].as_i64()).collect();
    let expected =
        (0..50).flat_map(|id| if id % 2 == 0 { vec![None, Some(id)] } else { vec![Some(id)] });
    assert_eq!(order, expected.collect::<Vec<_>>());
    for nonce in 0..50 {
        harness.wire.request(nonce as i64, "hold", nonce).await;
    }
    until_idle().await;
    let peer = harness.peer();
    for nonce in 0..50 {
        let params = request(0, "x", nonce).params;
        peer.notify(mcp_core::service::Notification::new("event", params)).await;
        harness.local.release(nonce);
    }
    let mut notified = std::collections::HashSet::new();
    for _ in 0..100 {
        let message = harness.wire.message().await;
        match message["method"].as_str() {
            Some(_) => assert!(notified.insert(message["params"]["n"].as_u64())),
            None => assert!(notified.contains(&message["result"]["n"].as_u64())),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_answered_and_other_calls_continue() {
    let mut harness = Harness::with(&ConnectionLimits::default(), Local::with_batches(), 1 << 20);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    harness.wire.request(1, "hold", 1).await;
    harness.wire.request(2, "panic", 2).await;
    harness.wire.request(3, "panic-later", 3).await;
    let entry = |id, method| json!({"jsonrpc":"2.0","id":id,"method":method,"params":{"n":id}});
    harness
        .wire
        .send_line(
            json!([entry(4, "panic"), entry(5, "later"), entry(6, "panic-later")]).to_string(),
        )
        .await;
    harness.wire.request(7, "echo", 7).await;
    until_idle().await;
    std::panic::set_hook(hook);
    harness.local.release(1);
    until_idle().await;
    let mut outcomes: Vec<_> = (harness.wire.received().await.into_iter())
        .flat_map(|message| match message {
            Value::Array(entries) => entries,
            single => vec![single],
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
    harness.assert_nothing_left().await;
}
