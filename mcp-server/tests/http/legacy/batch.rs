//! Arrays of messages, in sessions of 2025-03-26.

use http::StatusCode;
use mcp_server::Limits;
use mcp_server::http::HttpOptions;
use mcp_test_support::message::{call, modern};
use mcp_test_support::settle;
use serde_json::{Value, json};

use super::harness::{Host, initialize};

#[tokio::test(start_paused = true)]
async fn calls_of_a_batch_are_answered_together() {
    let host = Host::new();
    let client = host.session("2025-03-26").await;
    let batch = json!([
        call(1, "slow", json!({"ms": 20})),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        call(2, "echo", json!({"text": "two"})),
        {"jsonrpc": "2.0", "id": 3, "method": "no/such"},
        {"jsonrpc": "1.0", "id": 4, "method": "ping"},
        initialize("2025-03-26"),
    ]);
    let answer = client.post(batch).await.json().await;
    let by_id = |id: Value| {
        answer.as_array().unwrap().iter().find(|entry| entry["id"] == id).unwrap().clone()
    };
    assert_eq!(answer.as_array().unwrap().len(), 5);
    assert_eq!(by_id(json!(1))["result"]["content"][0]["text"], "slept 20 ms");
    assert_eq!(by_id(json!(2))["result"]["content"][0]["text"], "two");
    assert_eq!(by_id(json!(3))["error"]["code"], -32601);
    assert_eq!(by_id(json!(4))["error"]["code"], -32600);
    assert_eq!(by_id(json!(0))["error"]["code"], -32600);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_speaks_is_a_stream() {
    let host = Host::new();
    let client = host.session("2025-03-26").await;
    let answer = client
        .post(json!([call(1, "count", json!({"to": 2})), call(2, "echo", json!({"text": "x"}))]))
        .await;
    assert!(answer.is_stream());
    let messages = answer.messages().await;
    let results = messages.iter().filter(|message| message["result"].is_object()).count();
    assert_eq!((messages.len(), results), (4, 2));
}

#[tokio::test]
async fn a_batch_without_calls_is_accepted() {
    let host = Host::new();
    let client = host.session("2025-03-26").await;
    let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    assert_eq!(client.post(json!([note, note])).await.status, StatusCode::ACCEPTED);
    let result = json!({"jsonrpc": "2.0", "id": 1, "result": {}});
    assert_eq!(client.post(json!([result])).await.status, StatusCode::ACCEPTED);
    assert_eq!(client.post(json!([])).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn other_revisions_have_no_batches() {
    let host = Host::new();
    for revision in ["2024-11-05", "2025-06-18", "2025-11-25"] {
        let client = host.session(revision).await;
        let answer = client.post(json!([call(1, "echo", json!({"text": "x"}))])).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.json().await["error"]["code"], -32600);
    }
}

#[tokio::test(start_paused = true)]
async fn modern_requests_in_a_batch_are_refused_and_not_run() {
    let listen = modern(json!({"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen",
        "params": {"notifications": {"toolsListChanged": true}}}));
    let slow = modern(call(2, "slow", json!({"ms": 60_000})));
    let begin = modern(initialize("2025-03-26"));
    let unknown = {
        let mut message = modern(call(3, "echo", json!({"text": "x"})));
        message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
        message
    };
    for stateless in [false, true] {
        let mut limits = Limits::new();
        limits.http.max_in_flight_requests = 1;
        let options = if stateless { HttpOptions::new().stateless() } else { HttpOptions::new() };
        let host = Host::with(options, limits);
        let mut client = host.client();
        if !stateless {
            client.initialize("2025-03-26").await;
        }
        let batch = json!([listen, slow, begin, unknown, call(4, "echo", json!({"text": "x"}))]);
        for _ in 0..3 {
            let answers = client.post(batch.clone()).await.json().await;
            let answers = answers.as_array().unwrap();
            assert_eq!(answers.len(), 5);
            for answer in answers.iter().filter(|answer| answer["id"] != 4) {
                assert_eq!(answer["error"]["code"], -32600, "{answer}");
                assert!(answer["error"]["message"].as_str().unwrap().contains("batch"), "{answer}");
            }
        }
        settle().await;
        assert_eq!(host.log.dropped(), 0, "it did not begin");
        assert_eq!(client.call(5, "echo", json!({"text": "x"})).await.tool_text().await, "x");
    }
}

#[tokio::test(start_paused = true)]
async fn modern_notifications_in_a_batch_have_no_effect() {
    let host = Host::new();
    let client = host.session("2025-03-26").await;
    let slow = tokio::spawn({
        let client = client.clone();
        async move { client.call(1, "slow", json!({"ms": 1_000})).await.tool_text().await }
    });
    settle().await;
    let cancel =
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}});
    assert_eq!(client.post(json!([modern(cancel.clone())])).await.status, StatusCode::ACCEPTED);
    assert_eq!(slow.await.unwrap(), "slept 1000 ms");
}

#[tokio::test(start_paused = true)]
async fn the_answers_of_a_batch_have_a_limit_together() {
    let mut limits = Limits::new();
    limits.connection.max_outgoing_bytes = 10_000;
    let host = Host::with(HttpOptions::new(), limits);
    let client = host.session("2025-03-26").await;
    let text = "x".repeat(3_000);
    for tool in ["echo", "echo_loudly"] {
        let calls: Vec<_> = (0..20).map(|id| call(id, tool, json!({"text": text}))).collect();
        let answer = client.post(json!(calls)).await;
        let answers = match answer.is_stream() {
            true => answer.messages().await,
            false => answer.json().await.as_array().unwrap().clone(),
        };
        let answers: Vec<_> = answers.iter().filter(|answer| answer["id"].is_u64()).collect();
        let results = answers.iter().filter(|answer| answer["result"].is_object()).count();
        assert_eq!((answers.len(), results), (20, 3), "{tool}");
        let error = answers.iter().find(|answer| answer["error"].is_object()).unwrap();
        assert!(error["error"]["message"].as_str().unwrap().contains("max_outgoing_bytes"));
    }
}
