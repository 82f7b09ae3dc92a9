//! Timeouts, on virtual time.

use std::time::Duration;

use mcp_client::{Client, ErrorKind, Expired};
use mcp_test_support::message::text;
use mcp_test_support::with;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::fake::{legacy_with, modern};

#[tokio::test(start_paused = true)]
async fn silence_ends_a_call_and_the_server_is_told() {
    let (client, mut fake) = modern().await;
    let begun = Instant::now();
    let error = with(client.call_tool("slow", &()), async {
        let request = fake.expect("tools/call").await;
        let cancelled = fake.expect("notifications/cancelled").await;
        assert_eq!(cancelled["params"]["requestId"], request["id"]);
    })
    .await
    .unwrap_err();
    assert_eq!((error.kind(), error.expired()), (ErrorKind::Timeout, Some(Expired::Idle)));
    assert_eq!(begun.elapsed().as_secs(), 60);
    assert!(error.to_string().contains("tools/call"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn progress_extends_the_idle_timeout_but_not_the_total() {
    let (client, mut fake) = modern().await;
    let begun = Instant::now();
    let call = client
        .call_tool("slow", &())
        .timeout(Duration::from_secs(10))
        .total_timeout(Duration::from_secs(35))
        .on_progress(|_| {});
    let error = with(call, async {
        let request = fake.expect("tools/call").await;
        for progress in 0..5 {
            sleep(Duration::from_secs(8)).await;
            let token = &request["params"]["_meta"]["progressToken"];
            fake.tell(
                "notifications/progress",
                json!({"progressToken": token, "progress": progress}),
            )
            .await;
        }
    })
    .await
    .unwrap_err();
    assert_eq!(error.expired(), Some(Expired::Total));
    assert_eq!(begun.elapsed().as_secs(), 40, "the call ended at 35 s, the server at 40 s");
}

#[tokio::test(start_paused = true)]
async fn progress_that_stops_lets_the_idle_timeout_expire() {
    let (client, mut fake) = modern().await;
    let begun = Instant::now();
    let call = client.call_tool("slow", &()).timeout(Duration::from_secs(10)).on_progress(|_| {});
    let error = with(call, async {
        let request = fake.expect("tools/call").await;
        sleep(Duration::from_secs(8)).await;
        let token = &request["params"]["_meta"]["progressToken"];
        fake.tell("notifications/progress", json!({"progressToken": token, "progress": 1})).await;
        fake.expect("notifications/cancelled").await;
    })
    .await
    .unwrap_err();
    assert_eq!((error.expired(), begun.elapsed().as_secs()), (Some(Expired::Idle), 18));
}

#[tokio::test(start_paused = true)]
async fn time_for_a_question_to_the_user_is_not_the_servers_silence() {
    let builder = Client::builder().on_elicit(|_| async {
        sleep(Duration::from_secs(150)).await;
        Ok(mcp_client::types::ElicitResult::decline())
    });
    let (client, mut fake, _) = legacy_with(builder, "2025-06-18").await;
    let reply = with(client.call_tool("ask", &()), async {
        let request = fake.expect("tools/call").await;
        let schema = json!({"type": "object", "properties": {}});
        let params = json!({"message": "sure?", "requestedSchema": schema});
        fake.send(
            json!({"jsonrpc": "2.0", "id": 1, "method": "elicitation/create", "params": params}),
        )
        .await;
        assert_eq!(fake.next().await["result"]["action"], "decline");
        fake.reply(&request, text("not done")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "not done");
}

#[tokio::test(start_paused = true)]
async fn a_question_suspends_the_idle_timeout_of_the_calls_before_it_alone() {
    let builder = Client::builder().on_elicit(|_| async { std::future::pending().await });
    let (client, mut fake, _) = legacy_with(builder, "2025-06-18").await;
    let first = tokio::spawn(client.call_tool("asks", &()).into_future());
    fake.expect("tools/call").await;
    let schema = json!({"type": "object", "properties": {}});
    let params = json!({"message": "sure?", "requestedSchema": schema});
    fake.send(json!({"jsonrpc": "2.0", "id": 1, "method": "elicitation/create", "params": params}))
        .await;
    sleep(Duration::from_secs(100)).await;
    assert!(!first.is_finished(), "the server waits for the user");
    let begun = Instant::now();
    let error = client.call_tool("silent", &()).await.unwrap_err();
    assert_eq!((error.expired(), begun.elapsed().as_secs()), (Some(Expired::Idle), 60));
    let error = first.await.unwrap().unwrap_err();
    assert_eq!(error.expired(), Some(Expired::Total), "an open question does not last for ever");
}

#[tokio::test(start_paused = true)]
async fn a_duration_beyond_the_clock_is_a_long_one() {
    let (client, mut fake) = modern().await;
    let call = client.call_tool("x", &()).timeout(Duration::MAX).total_timeout(Duration::MAX);
    let reply = with(call, async {
        let request = fake.next().await;
        sleep(Duration::from_secs(24 * 60 * 60)).await;
        fake.reply(&request, text("at last")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "at last");
}
