//! Questions of tasks: each is asked once, answered in part or in whole, or left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_client::task::TaskOptions;
use mcp_client::types::{ElicitResult, Root};
use mcp_client::{Client, ClientBuilder, ErrorKind, Expired, Limits};
use mcp_test_support::with;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::fake::{Fake, modern_with};
use crate::task_script::{
    agree, asking, completed, create, poll, polling, polling_client, polling_with, question,
    report, update, working,
};

fn accept() -> ElicitResult {
    ElicitResult::accept(json!({ "ok": true })).unwrap()
}

/// A builder whose handler accepts, and the number of times that it was called.
fn accepting() -> (ClientBuilder, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let builder = Client::builder().on_elicit(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        async { Ok(accept()) }
    });
    (builder, asked)
}

#[tokio::test(start_paused = true)]
async fn a_handler_answers_the_question_of_a_task_once() {
    let (builder, asked) = accepting();
    let (client, mut fake) = polling_with(builder).await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        let open = asking(json!({ "a": question("sure?") }));
        poll(&mut fake, open.clone()).await;
        let answers = update(&mut fake).await;
        assert_eq!(answers, json!({ "a": { "action": "accept", "content": { "ok": true } } }));
        // It is listed a moment longer.
        poll(&mut fake, open).await;
        poll(&mut fake, working()).await;
        poll(&mut fake, completed("done")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "done");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_question_in_a_notification_is_answered_without_a_poll() {
    let (builder, asked) = accepting();
    let (client, mut fake) = modern_with(builder.tasks(TaskOptions::new())).await;
    let begun = Instant::now();
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({ "pollIntervalMs": 60_000 })).await;
        let listen = agree(&mut fake).await;
        report(&mut fake, &listen, asking(json!({ "a": question("?") }))).await;
        update(&mut fake).await;
        report(&mut fake, &listen, completed("done")).await;
    });
    reply.await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn answers_are_sent_one_by_one_while_the_task_is_polled() {
    let builder = Client::builder().on_elicit(|form| async move {
        let thinking = if form.message == "slow" { 2_500 } else { 500 };
        sleep(Duration::from_millis(thinking)).await;
        Ok(accept())
    });
    let (client, mut fake) = polling_with(builder).await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        let slow = question("slow");
        poll(&mut fake, asking(json!({ "a": question("quick"), "b": slow }))).await;
        let answers = update(&mut fake).await;
        assert_eq!(answers.as_object().unwrap().keys().collect::<Vec<_>>(), ["a"]);
        for _ in 0..2 {
            poll(&mut fake, asking(json!({ "b": slow }))).await;
        }
        let answers = update(&mut fake).await;
        assert_eq!(answers.as_object().unwrap().keys().collect::<Vec<_>>(), ["b"]);
        poll(&mut fake, completed("done")).await;
    });
    reply.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ends_while_a_handler_answers_is_done() {
    let builder = Client::builder().on_elicit(|_| std::future::pending());
    let (client, mut fake) = polling_with(builder).await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        poll(&mut fake, asking(json!({ "a": question("?") }))).await;
        poll(&mut fake, completed("without it")).await;
    });
    assert_eq!(reply.await.unwrap().text(), "without it");
}

#[tokio::test(start_paused = true)]
async fn a_key_with_another_question_fails_the_call() {
    let (builder, asked) = accepting();
    let (client, mut fake) = polling_with(builder).await;
    let error = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        poll(&mut fake, asking(json!({ "a": question("delete the copy?") }))).await;
        update(&mut fake).await;
        poll(&mut fake, asking(json!({ "a": question("delete all?") }))).await;
    });
    let error = error.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("\"a\""), "{error}");
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn without_a_handler_a_form_is_cancelled_and_the_rest_is_left() {
    let (client, mut fake) = polling_client().await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        let sampling = json!({
            "method": "sampling/createMessage", "params": { "messages": [], "maxTokens": 1 },
        });
        let url = json!({ "method": "elicitation/create", "params": {
            "mode": "url", "message": "?", "url": "https://a.example/", "elicitationId": "1",
        }});
        let questions = json!({
            "a": question("?"), "b": sampling, "c": { "method": "roots/list" },
            "d": { "method": "x/y" }, "e": url,
        });
        poll(&mut fake, asking(questions)).await;
        let cancel = json!({ "action": "cancel" });
        assert_eq!(update(&mut fake).await, json!({ "a": cancel, "e": cancel }));
        poll(&mut fake, completed("done")).await;
    });
    reply.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn roots_answer_a_task() {
    let (client, mut fake) = polling_with(Client::builder().roots([Root::new("file:///r")])).await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        poll(&mut fake, asking(json!({ "a": { "method": "roots/list" } }))).await;
        let answers = update(&mut fake).await;
        assert_eq!(answers["a"]["roots"][0]["uri"], "file:///r");
        poll(&mut fake, completed("done")).await;
    });
    reply.await.unwrap();
}

/// Refuses the next update.
async fn refuse_update(fake: &mut Fake, code: i32) -> Value {
    let request = fake.expect("tasks/update").await;
    fake.refuse(&request, code, Value::Null).await;
    request["params"]["inputResponses"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_question_whose_answer_is_refused_is_asked_again_a_few_times() {
    for refusals in [3, 4] {
        let (builder, asked) = accepting();
        let (client, mut fake) = polling_with(builder).await;
        let reply = with(client.call_tool("x", &()), async {
            create(&mut fake, json!({})).await;
            for number in 1..=refusals {
                poll(&mut fake, asking(json!({ "a": question("?") }))).await;
                refuse_update(&mut fake, -32602).await;
                if number == 4 {
                    return;
                }
            }
            poll(&mut fake, asking(json!({ "a": question("?") }))).await;
            update(&mut fake).await;
            poll(&mut fake, completed("done")).await;
        });
        match reply.await {
            Ok(reply) => assert_eq!((reply.text().as_str(), refusals), ("done", 3)),
            Err(error) => {
                assert_eq!((error.kind(), refusals), (ErrorKind::Peer, 4));
                assert_eq!(error.method(), Some("tasks/update"));
            }
        }
        assert_eq!(asked.load(Ordering::Relaxed), 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_gone_when_it_is_answered_says_so() {
    let (builder, _) = accepting();
    let (client, mut fake) = polling_with(builder).await;
    let error = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        poll(&mut fake, asking(json!({ "a": question("?") }))).await;
        refuse_update(&mut fake, -32602).await;
        let request = fake.expect("tasks/get").await;
        fake.refuse(&request, -32602, Value::Null).await;
    });
    assert_eq!(error.await.unwrap_err().kind(), ErrorKind::TaskGone);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_arrive_is_sent_again_and_not_asked_again() {
    let (builder, asked) = accepting();
    let (client, mut fake) = polling_with(builder).await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        poll(&mut fake, asking(json!({ "a": question("?") }))).await;
        let first = refuse_update(&mut fake, -32603).await;
        assert_eq!(update(&mut fake).await, first);
        poll(&mut fake, completed("done")).await;
    });
    reply.await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn rounds_questions_and_keys_are_bounded() {
    let round = |number: usize| asking(json!({ format!("k{number}"): question("?") }));
    let (builder, _) = accepting();
    let mut limits = Limits::new();
    (limits.tasks.max_input_keys, limits.max_input_questions) = (3, 2);
    let builder = builder.limits(limits);

    let capped = builder.clone().tasks(polling().max_input_rounds(2));
    for (builder, rounds, kind, limit) in [
        (capped, 2, ErrorKind::InputRequired, "TaskOptions::max_input_rounds"),
        (builder.clone().tasks(polling()), 3, ErrorKind::Limit, "TaskLimits::max_input_keys"),
    ] {
        let (client, mut fake) = modern_with(builder).await;
        let error = with(client.call_tool("x", &()), async {
            create(&mut fake, json!({})).await;
            for number in 0..rounds {
                poll(&mut fake, round(number)).await;
                update(&mut fake).await;
            }
            poll(&mut fake, round(rounds)).await;
        });
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(limit), "{error}");
    }

    let (client, mut fake) = modern_with(builder.tasks(polling())).await;
    let error = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        let questions = json!({ "a": question("?"), "b": question("?"), "c": question("?") });
        poll(&mut fake, asking(questions)).await;
    });
    let error = error.await.unwrap_err();
    assert!(error.to_string().contains("Limits::max_input_questions"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn rounds_are_not_limited_by_default() {
    let (builder, asked) = accepting();
    let (client, mut fake) = polling_with(builder).await;
    let reply = with(client.call_tool("x", &()), async {
        create(&mut fake, json!({})).await;
        for number in 0..50 {
            poll(&mut fake, asking(json!({ format!("k{number}"): question("?") }))).await;
            update(&mut fake).await;
        }
        poll(&mut fake, completed("done")).await;
    });
    reply.await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 50);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_or_panics_fails_the_call() {
    let failing = Client::builder()
        .on_elicit(|_| async { Err(mcp_client::ErrorObject::new(-32603, "no screen")) });
    let panicking = Client::builder().on_elicit(|form| async move { panic!("{}", form.message) });
    for (builder, reason) in [(failing, "no screen"), (panicking, "panicked")] {
        let (client, mut fake) = polling_with(builder).await;
        let error = with(client.call_tool("x", &()), async {
            create(&mut fake, json!({})).await;
            poll(&mut fake, asking(json!({ "a": question("?") }))).await;
        });
        let error = error.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InputRequired);
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_of_answers_counts_unless_the_user_excludes_it() {
    const MINUTE: Duration = Duration::from_secs(60);
    for exclude in [false, true] {
        let builder = Client::builder().exclude_input_time(exclude).on_elicit(|_| async {
            sleep(15 * MINUTE).await;
            Ok(accept())
        });
        let (client, mut fake) = polling_with(builder).await;
        let begun = Instant::now();
        let reply = with(client.call_tool("x", &()), async {
            create(&mut fake, json!({})).await;
            let open = asking(json!({ "a": question("?") }));
            loop {
                let Some(request) = fake.maybe_next().await else { return };
                match request["method"].as_str().unwrap() {
                    "tasks/get" => fake.reply(&request, open.clone()).await,
                    "tasks/update" => {
                        fake.reply(&request, json!({ "resultType": "complete" })).await;
                        break;
                    }
                    other => panic!("{other}"),
                }
                if !exclude && begun.elapsed() > 10 * MINUTE - Duration::from_millis(1_500) {
                    return;
                }
            }
            poll(&mut fake, completed("done")).await;
        });
        match reply.await {
            Ok(_) => assert!(exclude),
            Err(error) => {
                assert!(!exclude);
                assert_eq!(error.expired(), Some(Expired::Total));
                assert_eq!(begun.elapsed().as_secs(), 600);
            }
        }
    }
}
