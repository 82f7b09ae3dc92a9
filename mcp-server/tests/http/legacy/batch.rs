//! Arrays of messages, in sessions of 2025-03-26.

use http::StatusCode;
use serde_json::{Value, json};

use super::harness::{Host, call, initialize};

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
