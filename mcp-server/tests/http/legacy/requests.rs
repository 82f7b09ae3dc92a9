//! Calls: what goes on which stream, and what ends them.

use std::time::Duration;

use http::{Method, StatusCode};
use mcp_server::Limits;
use mcp_test_support::message::{call, result_of, text_of};
use mcp_test_support::settle;
use serde_json::{Value, json};

use super::harness::Host;

#[tokio::test(start_paused = true)]
async fn long_answers_are_whole() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    for length in [(16 << 10) - 100, 16 << 10, 200 << 10] {
        let text = "x\n".repeat(length / 2);
        let answer = client.call(1, "echo", json!({ "text": text })).await;
        assert!(!answer.is_stream());
        assert_eq!(answer.tool_text().await, text);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_call_says_comes_before_its_answer_on_its_own_stream() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut standalone = client.get().await;
    let (one, two) = tokio::join!(
        async { client.call(1, "count", json!({"to": 3})).await.messages().await },
        async { client.call(2, "count", json!({"to": 5})).await.messages().await },
    );
    for (messages, id, count) in [(one, 1, 3), (two, 2, 5)] {
        let logged: Vec<_> =
            messages.iter().filter_map(|message| message["params"]["data"].as_u64()).collect();
        assert_eq!(logged, (1..=count).collect::<Vec<_>>());
        assert_eq!(messages.last().unwrap()["id"], id);
    }
    let quiet = tokio::time::timeout(Duration::from_secs(1), standalone.message()).await;
    assert!(quiet.is_err(), "nothing of a call goes on the standalone stream");
}

#[tokio::test(start_paused = true)]
async fn streams_are_primed_where_the_revision_has_that() {
    for (revision, primed) in [("2025-11-25", true), ("2025-06-18", false), ("2025-03-26", false)] {
        let host = Host::new();
        let client = host.session(revision).await;
        for mut answer in [client.call(1, "count", json!({"to": 1})).await, client.get().await] {
            assert!(answer.is_stream());
            if primed {
                let first = answer.event().await.unwrap();
                assert!(first.id.is_some() && first.data.is_empty());
                assert_eq!(first.retry, Some(Limits::new().http.stream_retry_delay));
            } else if answer.header("x-none").is_none() && revision != "2025-11-25" {
                let first = tokio::time::timeout(Duration::from_secs(3), answer.event()).await;
                assert!(first.is_err() || !first.unwrap().unwrap().data.is_empty());
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_head_and_the_first_events_are_one_piece() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut answer = client.call(1, "burst", json!({"to": 2})).await;
    settle().await;
    let text = String::from_utf8(answer.chunk().await.unwrap().to_vec()).unwrap();
    assert_eq!(text.matches("data: {").count(), 3, "{text}");
}

#[tokio::test(start_paused = true)]
async fn questions_go_on_the_stream_of_the_call_that_asks() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut standalone = client.get().await;
    let mut first = client.call(1, "ask", json!({"question": "first?"})).await;
    let mut second = client.call(1, "ask", json!({"question": "second?"})).await;
    let (_, asks_first) = first.message().await.unwrap();
    let (_, asks_second) = second.message().await.unwrap();
    assert_eq!(asks_first["method"], "elicitation/create");
    assert_eq!(asks_first["params"]["message"], "first?");
    assert_eq!(asks_second["params"]["message"], "second?");
    assert_ne!(asks_first["id"], asks_second["id"]);
    for (question, name) in [(&asks_second, "two"), (&asks_first, "one")] {
        let result = json!({"action": "accept", "content": {"name": name}});
        let answer = json!({"jsonrpc": "2.0", "id": question["id"], "result": result});
        assert_eq!(client.post(answer).await.status, StatusCode::ACCEPTED);
    }
    assert_eq!(text_of(result_of(&first.message().await.unwrap().1)), "name \"one\"");
    assert_eq!(text_of(result_of(&second.message().await.unwrap().1)), "name \"two\"");
    assert!(first.message().await.is_none(), "the stream ends after the answer");
    assert!(tokio::time::timeout(Duration::from_secs(1), standalone.message()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_another_session_answers_nothing() {
    let host = Host::new();
    let asked = host.session("2025-11-25").await;
    let stranger = host.session("2025-11-25").await;
    let mut stream = asked.call(1, "ask", json!({"question": "name?"})).await;
    let (_, question) = stream.message().await.unwrap();
    let result = json!({"action": "accept", "content": {"name": "Eve"}});
    let answer = json!({"jsonrpc": "2.0", "id": question["id"], "result": result});
    assert_eq!(stranger.post(answer).await.status, StatusCode::ACCEPTED);
    assert!(tokio::time::timeout(Duration::from_secs(1), stream.message()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_dropped_is_taken_back() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut stream = client.call(1, "ask", json!({"question": "name?"})).await;
    let (_, question) = stream.message().await.unwrap();
    let (_, withdrawn) = stream.message().await.unwrap(); // After `Limits::peer_request`.
    assert_eq!(withdrawn["method"], "notifications/cancelled");
    assert_eq!(withdrawn["params"]["requestId"], question["id"]);
    assert!(text_of(result_of(&stream.message().await.unwrap().1)).contains("no answer arrived"));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_does_not_cancel() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let slow = client.call(1, "slow", json!({"ms": 60_000}));
    assert!(tokio::time::timeout(Duration::from_secs(1), slow).await.is_err(), "no head yet");
    let mut streaming = client.call(2, "slow", json!({"ms": 60_000})).await;
    assert!(streaming.is_stream(), "after a while keep-alives flow");
    assert!(streaming.event().await.unwrap().id.is_some());
    drop(streaming);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!((host.log.finished(), host.log.dropped()), (2, 0));
}

#[tokio::test(start_paused = true)]
async fn cancelling_ends_the_call_without_an_answer() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let slow = {
        let client = client.clone();
        tokio::spawn(async move {
            client.call("a", "slow", json!({"ms": 60_000})).await.messages().await
        })
    };
    settle().await;
    let cancel = |id: Value| json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id}});
    client.post(cancel(json!("b"))).await;
    client.post(cancel(json!("a"))).await;
    assert_eq!(slow.await.unwrap(), Vec::<Value>::new());
    assert_eq!((host.log.finished(), host.log.dropped()), (0, 1));
    // A session of somebody else's has other ids.
    let other = host.session("2025-11-25").await;
    let slow = tokio::spawn(async move {
        client.call("a", "slow", json!({"ms": 1_000})).await.tool_text().await
    });
    settle().await;
    other.post(cancel(json!("a"))).await;
    assert_eq!(slow.await.unwrap(), "slept 1000 ms");
}

#[tokio::test(start_paused = true)]
async fn calls_that_share_an_id_get_their_own_answers() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let calls = (0..50).map(|number| {
        let client = client.clone();
        tokio::spawn(async move {
            let ms = 1_000 - number * 17;
            assert_eq!(
                client.call(1, "slow", json!({"ms": ms})).await.tool_text().await,
                format!("slept {ms} ms")
            );
        })
    });
    let calls: Vec<_> = calls.collect();
    settle().await;
    // Which of them is meant cannot be told, so none is cancelled.
    let cancel =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}});
    client.post(cancel).await;
    for call in calls {
        call.await.unwrap();
    }
    assert_eq!(host.log.dropped(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_client_accepts_decides_what_it_gets() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let send = |accept: &'static str, message: Value| {
        let client = client.clone();
        async move { client.send(Method::POST, &[("accept", accept)], message.to_string()).await }
    };
    let answer = send("text/event-stream", call(1, "echo", json!({"text": "x"}))).await;
    assert!(answer.is_stream());
    assert_eq!(answer.tool_text().await, "x");
    let answer = send("application/json", call(1, "count", json!({"to": 20}))).await;
    assert!(!answer.is_stream(), "what cannot be shown is left out, however long it takes");
    assert_eq!(answer.tool_text().await, "counted to 20");
    let answer = send("application/json", call(1, "ask", json!({"question": "name?"}))).await;
    assert!(answer.tool_text().await.contains("no stream leads to the client"));
    for accept in
        ["*/*", "text/*, application/*", "Application/JSON;q=0.5 , TEXT/Event-Stream; q=0.1"]
    {
        assert!(send(accept, call(1, "count", json!({"to": 1}))).await.is_stream());
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_holds_up_its_own_call_alone() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut unread = client.call(1, "burst", json!({"to": 10_000})).await;
    assert_eq!(client.call(2, "echo", json!({"text": "x"})).await.tool_text().await, "x");
    let mut count = 0;
    while let Some((_, message)) = unread.message().await {
        count += u64::from(message["method"] == "notifications/message");
    }
    assert_eq!(count, 10_000);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_is_kept_alive() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut answer = client.call(1, "slow", json!({"ms": 100_000})).await;
    answer.chunk().await.unwrap();
    let began = tokio::time::Instant::now();
    assert_eq!(&answer.chunk().await.unwrap()[..], b": \n\n");
    assert_eq!(began.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_an_error_of_the_question() {
    let host = Host::new();
    let client = host.session("2025-11-25").await;
    let mut stream = client.call(1, "ask", json!({"question": "name?"})).await;
    let (_, question) = stream.message().await.unwrap();
    let answer = json!({"jsonrpc": "2.0", "id": question["id"], "result": 5});
    assert_eq!(client.post(answer).await.status, StatusCode::BAD_REQUEST);
    assert!(
        text_of(result_of(&stream.message().await.unwrap().1))
            .contains("the result must be an object")
    );
}
