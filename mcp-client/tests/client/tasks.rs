//! Calls that the server answers with tasks: polls, notifications, outcomes, timeouts.

use std::sync::mpsc;
use std::time::Duration;

use mcp_client::json::JsonBytes;
use mcp_client::service::{Accept, Conversation, Notification, Peer, Reply, Request, Service};
use mcp_client::task::TaskOptions;
use mcp_client::{Client, ConnectionLimits, ErrorKind, ErrorObject, Expired, Limits, Outcome};
use mcp_test_support::{message, settle, with, within_an_hour};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::fake::{discovered, legacy_with, modern_with};
use crate::task_script::{
    LISTEN, agree, completed, create, poll, polling, polling_client, polling_with, report, state,
    working,
};

const ID: &str = "io.modelcontextprotocol/tasks";

#[tokio::test(start_paused = true)]
async fn a_call_returns_the_result_of_its_task() {
    let (client, mut fake) = polling_client().await;
    let reply = with(client.call_tool("x", &json!({ "n": 1 })), async {
        let request = create(&mut fake, json!({})).await;
        let meta = &request["params"]["_meta"]["io.modelcontextprotocol/clientCapabilities"];
        assert_eq!(meta["extensions"][ID], json!({}));
        assert!(request["params"].get("task").is_none(), "no hint of 2025-11-25");
        poll(&mut fake, working()).await;
        poll(&mut fake, completed("done")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_result_that_comes_at_once_needs_no_task() {
    let (client, mut fake) = polling_client().await;
    let reply = with(client.call_tool("x", &()), async {
        let request = fake.expect("tools/call").await;
        fake.reply(&request, message::text("at once")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "at once");
}

#[tokio::test(start_paused = true)]
async fn each_state_sets_the_time_until_the_next_poll() {
    let (client, mut fake) = polling_client().await;
    let reply = with(client.call_tool("x", &()).total_timeout(Duration::MAX), async {
        create(&mut fake, json!({ "pollIntervalMs": 5_000, "ttlMs": u64::MAX })).await;
        let mut last = Instant::now();
        // The interval of the creation holds for the first poll only.
        for (waited, next) in [
            (5_000, json!({})),
            (1_000, json!({ "pollIntervalMs": 250 })),
            (250, json!({ "pollIntervalMs": 0 })),
            (10, json!({ "pollIntervalMs": 9_007_199_254_740_991_u64 })),
            (300_000, json!({ "pollIntervalMs": 2_000, "ttlMs": 1 })),
        ] {
            let at = poll(&mut fake, state("working", next)).await;
            assert_eq!(millis(at - last), waited);
            last = at;
        }
        assert_eq!(millis(poll(&mut fake, completed("done")).await - last), 2_000);
    });
    reply.await.unwrap();
}

/// In whole milliseconds: a timer may fire up to one later.
fn millis(time: Duration) -> u128 {
    let slack = u128::from(time.as_millis() % 10 == 1);
    time.as_millis() - slack
}

#[tokio::test(start_paused = true)]
async fn the_user_may_poll_less_often() {
    let mut limits = Limits::new();
    limits.tasks.max_poll_interval = Duration::from_secs(20);
    let options = polling().min_poll_interval(Duration::from_secs(15));
    let builder = Client::builder().limits(limits).tasks(options);
    let (client, mut fake) = modern_with(builder).await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({ "pollIntervalMs": 100 })).await;
        let begun = Instant::now();
        let first = poll(&mut fake, state("working", json!({ "pollIntervalMs": 60_000 }))).await;
        assert_eq!(millis(first - begun), 15_000);
        assert_eq!(millis(poll(&mut fake, completed("done")).await - first), 20_000);
    });
    reply.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_over_when_it_is_created_is_fetched_at_once() {
    let (client, mut fake) = polling_client().await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({ "status": "completed", "pollIntervalMs": 60_000 })).await;
        let begun = Instant::now();
        assert_eq!(millis(poll(&mut fake, completed("done")).await - begun), 0);
    });
    assert_eq!(reply.await.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_notification_with_the_final_state_ends_the_wait_without_a_poll() {
    let (client, mut fake) = modern_with(Client::builder().tasks(TaskOptions::new())).await;
    let begun = Instant::now();
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({ "pollIntervalMs": 60_000 })).await;
        let listen = agree(&mut fake).await;
        report(&mut fake, &listen, working()).await;
        report(&mut fake, &listen, completed("told")).await;
        let cancelled = fake.expect("notifications/cancelled").await;
        assert_eq!(cancelled["params"]["requestId"], listen["id"]);
    });
    assert_eq!(reply.await.unwrap().text(), "told");
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_notification_without_details_causes_a_poll() {
    let (client, mut fake) = modern_with(Client::builder().tasks(TaskOptions::new())).await;
    let begun = Instant::now();
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({ "pollIntervalMs": 60_000 })).await;
        let listen = agree(&mut fake).await;
        report(&mut fake, &listen, state("completed", json!({}))).await;
        poll(&mut fake, completed("polled")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "polled");
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_final_state_that_is_known_does_not_change_any_more() {
    let (client, mut fake) = modern_with(Client::builder().tasks(TaskOptions::new())).await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        let listen = agree(&mut fake).await;
        let request = fake.expect("tasks/get").await;
        report(&mut fake, &listen, completed("first")).await;
        report(&mut fake, &listen, completed("second")).await;
        settle().await;
        fake.reply(&request, completed("third")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "first");
}

#[tokio::test(start_paused = true)]
async fn a_task_is_polled_if_the_server_reports_nothing() {
    for is_refused in [true, false] {
        let (client, mut fake) = modern_with(Client::builder().tasks(TaskOptions::new())).await;
        let reply = with(client.call_tool("x", &()), async {
            create(&mut fake, json!({})).await;
            let request = fake.expect(LISTEN).await;
            if is_refused {
                fake.refuse(&request, -32601, Value::Null).await;
            } else {
                let meta = json!({ "io.modelcontextprotocol/subscriptionId": request["id"] });
                let params = json!({ "notifications": {}, "_meta": meta });
                fake.tell("notifications/subscriptions/acknowledged", params).await;
                fake.expect("notifications/cancelled").await;
            }
            poll(&mut fake, working()).await;
            poll(&mut fake, completed("polled")).await;
        });
        assert_eq!(reply.await.unwrap().text(), "polled");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_task_is_the_same_error_as_a_failed_call() {
    let error = json!({ "code": -32050, "message": "no paper", "data": { "tray": 2 } });
    let (client, mut fake) = polling_client().await;
    let by_task = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        poll(&mut fake, state("failed", json!({ "error": error.clone() }))).await;
    });
    let by_task = by_task.await.unwrap_err();
    let at_once = with(client.call_tool("x", &()), async {
        let request = fake.expect("tools/call").await;
        let answer = json!({ "jsonrpc": "2.0", "id": request["id"], "error": error });
        fake.send(answer).await;
    });
    let at_once = at_once.await.unwrap_err();
    assert_eq!(format!("{by_task:?}"), format!("{at_once:?}"));
    let data = by_task.peer().unwrap().data().unwrap().get();
    assert_eq!((by_task.method(), data), (Some("tools/call"), r#"{"tray":2}"#));
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_reports_a_failure_completes_its_task() {
    let (client, mut fake) = polling_client().await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        let mut result = message::text("no such note");
        result["isError"] = true.into();
        poll(&mut fake, state("completed", json!({ "result": result }))).await;
    });
    assert!(reply.await.unwrap().failed());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_task_says_so() {
    let (client, mut fake) = polling_client().await;
    let error = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        poll(&mut fake, state("cancelled", json!({ "statusMessage": "by the operator" }))).await;
    });
    let error = error.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.to_string(), "the task \"t1\" was cancelled: by the operator");
}

#[tokio::test(start_paused = true)]
async fn a_task_that_the_server_does_not_have_any_more_says_so() {
    let (client, mut fake) = polling_client().await;
    let error = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        poll(&mut fake, working()).await;
        let request = fake.expect("tasks/get").await;
        fake.refuse(&request, -32602, Value::Null).await;
    });
    let error = error.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskGone);
    assert!(error.to_string().contains("\"t1\""), "{error}");
    assert_eq!(error.peer().unwrap().code(), -32602);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_violates_the_extension_fails_the_call() {
    let mut incomplete = message::text("x");
    incomplete["resultType"] = "task".into();
    for (wrong, reason) in [
        (state("completed", json!({})), "no result"),
        (state("failed", json!({})), "no error"),
        (state("working", json!({ "taskId": "t2" })), "\"t2\""),
        (state("completed", json!({ "result": incomplete })), "not complete"),
        (state("completed", json!({ "result": {} })), "no content"),
        (json!({ "taskId": "t1" }), "could not be read"),
    ] {
        let (client, mut fake) = polling_client().await;
        let error = with(client.call_tool("x", &()), async {
            create(&mut fake, json!({})).await;
            poll(&mut fake, wrong).await;
        });
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn polls_that_fail_are_tried_again_after_growing_pauses() {
    let (client, mut fake) = polling_client().await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({ "pollIntervalMs": 100 })).await;
        for _ in 0..10 {
            let request = fake.expect("tasks/get").await;
            fake.refuse(&request, -32603, Value::Null).await;
        }
        poll(&mut fake, completed("done")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "done");
    let error = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({ "pollIntervalMs": 100 })).await;
        for _ in 0..11 {
            let request = fake.expect("tasks/get").await;
            fake.refuse(&request, -32603, Value::Null).await;
        }
    });
    assert_eq!(error.await.unwrap_err().peer().unwrap().code(), -32603);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_gets_no_answer_is_given_up_and_tried_again() {
    let (client, mut fake) = polling_client().await;
    let reply = with(client.call_tool("x", &()).timeout(Duration::from_secs(20)), async {
        create(&mut fake, json!({})).await;
        let begun = Instant::now();
        fake.expect("tasks/get").await;
        fake.expect("notifications/cancelled").await;
        let elapsed = begun.elapsed().as_secs();
        assert_eq!(elapsed, 21, "the idle timeout is that of a request");
        poll(&mut fake, completed("done")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "done");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_connection_fails_the_call() {
    let (client, mut fake) = polling_client().await;
    let error = with(client.call_tool("x", &()), async move {
        create(&mut fake, json!({})).await;
        poll(&mut fake, working()).await;
        drop(fake);
    });
    let error = within_an_hour("the end of the call", error).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_total_timeout_is_that_of_the_task_which_continues() {
    for cancels in [false, true] {
        let builder = Client::builder().tasks(polling().cancel_on_drop(cancels));
        let (client, mut fake) = modern_with(builder).await;
        let begun = Instant::now();
        let call = client.call_tool("x", &()).total_timeout(Duration::from_millis(3_500));
        let error = with(call, async {
            create(&mut fake, json!({})).await;
            for _ in 0..3 {
                poll(&mut fake, working()).await;
            }
        });
        let error = error.await.unwrap_err();
        assert_eq!((error.method(), error.expired()), (Some("tools/call"), Some(Expired::Total)));
        assert_eq!(begun.elapsed().as_millis() / 100, 35);
        settle().await;
        drop(client);
        let next = fake.maybe_next().await.map(|message| message["method"].clone());
        assert_eq!(next, cancels.then(|| "tasks/cancel".into()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_leaves_its_task_unless_the_user_cancels_it() {
    for cancels in [false, true] {
        let builder = Client::builder().tasks(polling().cancel_on_drop(cancels));
        let (client, mut fake) = modern_with(builder).await;
        let call = client.call_tool("x", &()).into_future();
        let served = async {
            create(&mut fake, json!({})).await;
            poll(&mut fake, working()).await;
            settle().await; // The client has read it.
        };
        tokio::select! {
            biased;
            _ = call => panic!("the task is not done"),
            () = served => {}
        }
        settle().await;
        drop(client);
        let next = fake.maybe_next().await.map(|message| message["method"].clone());
        assert_eq!(next, cancels.then(|| "tasks/cancel".into()));
    }
}

#[tokio::test(start_paused = true)]
async fn status_messages_are_progress_of_the_call() {
    let (client, mut fake) = polling_client().await;
    let (told, progress) = mpsc::channel();
    let call = client.call_tool("x", &()).on_progress(move |progress| {
        told.send((progress.progress, progress.message.unwrap())).unwrap();
    });
    let reply = with(call, async {
        create(&mut fake, json!({ "statusMessage": "queued" })).await;
        for message in ["queued", "printing", "printing", "stapling"] {
            poll(&mut fake, state("working", json!({ "statusMessage": message }))).await;
        }
        poll(&mut fake, completed("done")).await;
    });
    reply.await.unwrap();
    let reports: Vec<(f64, String)> = progress.try_iter().collect();
    let expected = [(1.0, "queued"), (2.0, "printing"), (3.0, "stapling")];
    assert_eq!(reports, expected.map(|(number, message)| (number, message.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn results_of_tasks_are_checked_like_all_others() {
    let builder = Client::builder().output_validator(|_, _| Err("never".to_owned()));
    let (client, mut fake) = polling_with(builder).await;
    let listed = with(client.list_tools(), async {
        let request = fake.expect("tools/list").await;
        let schema = json!({ "type": "object" });
        let tool = json!({ "name": "x", "inputSchema": schema, "outputSchema": schema });
        fake.reply(&request, json!({ "resultType": "complete", "tools": [tool] })).await;
    });
    listed.await.unwrap();
    let error = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        let result = json!({ "content": [], "structuredContent": {} });
        poll(&mut fake, state("completed", json!({ "result": result }))).await;
    });
    let error = error.await.unwrap_err();
    assert!(error.to_string().contains("never"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_sent_once_waits_for_its_task() {
    let (client, mut fake) = polling_client().await;
    let outcome = with(client.call_tool("x", &()).once(), async {
        create(&mut fake, json!({})).await;
        poll(&mut fake, completed("done")).await;
    });
    let Outcome::Complete(reply) = outcome.await.unwrap() else { panic!("it is done") };
    assert_eq!(reply.text(), "done");
}

#[tokio::test(start_paused = true)]
async fn a_task_is_not_taken_from_a_legacy_server_or_without_the_switch() {
    let (legacy, legacy_fake, _) =
        legacy_with(Client::builder().tasks(polling()), "2025-11-25").await;
    let (plain, plain_fake) = modern_with(Client::builder()).await;
    for (client, mut fake) in [(legacy, legacy_fake), (plain, plain_fake)] {
        let error = with(client.call_tool("x", &()), async {
            create(&mut fake, json!({})).await;
        });
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("\"task\""), "{error}");
    }
}

/// A server in memory whose only task is done after three polls.
#[derive(Clone, Default)]
struct Slow(std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl Service for Slow {
    async fn call(&self, request: Request) -> Reply {
        let answer = match &*request.method {
            "server/discover" => discovered(),
            "tools/call" => {
                let mut created = working();
                created["resultType"] = "task".into();
                created
            }
            "tasks/get" => match self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                0..2 => working(),
                _ => completed("in memory"),
            },
            other => return Err(ErrorObject::method_not_found(other).into()),
        };
        Ok(JsonBytes::new(&answer).unwrap())
    }

    async fn notify(&self, _: Notification) {}
}

impl Conversation for Slow {}

impl Accept for Slow {
    type Conversation = Self;

    fn accept(&self, _: Peer) -> Self {
        self.clone()
    }

    fn limits(&self) -> ConnectionLimits {
        ConnectionLimits::for_server()
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_of_a_server_in_memory_is_waited_for() {
    let builder = Client::builder().tasks(TaskOptions::new());
    let client = builder.connect_memory(&Slow::default()).await.unwrap();
    assert_eq!(client.call_tool("x", &()).await.unwrap().text(), "in memory");
}
