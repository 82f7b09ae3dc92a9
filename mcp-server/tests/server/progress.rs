//! Progress notifications. Spec: basic/utilities/progress.

use std::time::Duration;

use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, Revision, ServerBuilder};
use mcp_test_support::message::{add_modern_meta, request};
use mcp_test_support::{Gate, settle};
use serde_json::{Value, json};

use crate::harness::{Client, Received, Transport, each, everywhere, server};

const PROGRESS: &str = "notifications/progress";

/// A tool that reports the progress in its arguments.
fn reporting() -> ServerBuilder {
    #[derive(serde::Deserialize, mcp_server::schemars::JsonSchema)]
    #[schemars(crate = "mcp_server::schemars")]
    struct Steps {
        steps: Vec<f64>,
        total: Option<f64>,
        pause_ms: Option<u64>,
    }
    server().tool(
        ToolRoute::builder("report").handler(
            |context: Context,
             mcp_server::extract::Args(args): mcp_server::extract::Args<Steps>| async move {
                for done in args.steps {
                    context.progress_with_message(done, args.total, format!("at {done}")).await;
                    if let Some(pause) = args.pause_ms {
                        tokio::time::sleep(Duration::from_millis(pause)).await;
                    }
                }
                "done"
            },
        ),
    )
}

fn call(steps: Value, token: Option<Value>) -> Value {
    let mut params = json!({"name": "report", "arguments": steps});
    if let Some(token) = token {
        params["_meta"] = json!({"progressToken": token});
    }
    params
}

async fn reported(client: &Client, arguments: Value) -> Vec<f64> {
    client.ok("tools/call", call(arguments, Some(json!("token")))).await;
    values(client.receive_all().await)
}

fn values(received: Vec<Received>) -> Vec<f64> {
    received
        .into_iter()
        .map(|received| {
            assert_eq!(received.method, PROGRESS);
            received.params["progress"].as_f64().unwrap()
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn progress_has_the_token_of_the_caller() {
    everywhere(reporting, async |client| {
        for token in [json!("token"), json!(7), json!("7"), json!("")] {
            client
                .ok("tools/call", call(json!({"steps": [0.5], "total": 2}), Some(token.clone())))
                .await;
            let mut expected = json!({"progressToken": token, "progress": 0.5, "total": 2});
            if client.revision != Revision::V2024_11_05 {
                expected["message"] = json!("at 0.5");
            }
            assert_eq!(client.receive(PROGRESS).await, expected);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn no_progress_is_sent_without_a_token() {
    everywhere(reporting, async |client| {
        client.ok("tools/call", call(json!({"steps": [1, 2]}), None)).await;
        assert_eq!(client.receive_all().await, []);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn values_increase_strictly() {
    everywhere(reporting, async |client| {
        let steps = json!({"steps": [1, 1, 0.5, 2, -3, 2, 2.5], "total": 9});
        assert_eq!(reported(&client, steps).await, [1.0, 2.0, 2.5]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn progress_is_rate_limited_and_the_total_is_always_sent() {
    everywhere(reporting, async |client| {
        let steps: Vec<_> = (1..=1_000).collect();
        let received = reported(&client, json!({"steps": steps, "total": 1_000})).await;
        assert_eq!(received.len(), 11, "a burst of ten, and the last");
        assert_eq!((received[0], received[9], received[10]), (1.0, 10.0, 1_000.0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn values_below_the_rate_all_pass_and_faster_ones_at_the_rate() {
    let limits = || {
        let mut limits = Limits::new();
        limits.min_progress_interval = Duration::from_millis(40);
        reporting().limits(limits)
    };
    each(&[Revision::V2025_11_25, Revision::V2026_07_28], limits, async |client| {
        let steps: Vec<_> = (1..=100).collect();
        let below_the_rate = reported(&client, json!({"steps": steps, "pause_ms": 40})).await;
        assert_eq!(below_the_rate.len(), 100);
        // 100 values in 1 s: the burst, and then one each 40 ms.
        let above_the_rate = reported(&client, json!({"steps": steps, "pause_ms": 10})).await;
        assert!((10 + 22..=10 + 26).contains(&above_the_rate.len()), "{}", above_the_rate.len());
        assert!(above_the_rate.is_sorted_by(|a, b| a < b));
    })
    .await;
}

/// Notifications precede the answer, even if the handler never waits.
#[tokio::test(start_paused = true)]
async fn progress_comes_before_the_answer() {
    let mut raw =
        crate::harness::Raw::session(&crate::harness::built(reporting()), "2025-11-25").await;
    let ask = request(1, "tools/call", call(json!({"steps": [1, 2]}), Some(json!(1))));
    raw.send(&ask).await;
    for expected in [1, 2] {
        assert_eq!(raw.next().await.unwrap()["params"]["progress"], expected);
    }
    assert_eq!(raw.next().await.unwrap()["id"], 1);
}

/// A task that outlives its call may still use the context, but the token is no longer valid
/// (PROG-2).
#[tokio::test(start_paused = true)]
async fn no_progress_follows_the_answer() {
    let gate = Gate::new();
    let server = || {
        let gate = gate.clone();
        server().tool(ToolRoute::builder("leave").handler(move |context: Context| {
            let gate = gate.clone();
            async move {
                context.progress(1.0, None).await;
                tokio::spawn(async move {
                    gate.wait().await;
                    context.progress(2.0, None).await;
                    context.progress(3.0, 3.0).await;
                });
                "done"
            }
        }))
    };
    everywhere(server, async |client| {
        client.ok("tools/call", json!({"name": "leave", "_meta": {"progressToken": 1}})).await;
        assert_eq!(values(client.receive_all().await), [1.0]);
        gate.open(1);
        assert_eq!(values(client.receive_all().await), Vec::<f64>::new());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn values_that_are_not_finite_are_not_sent() {
    let server = || {
        server().tool(ToolRoute::builder("odd").handler(|context: Context| async move {
            for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0] {
                context.progress(value, None).await;
            }
            context.progress(2.0, f64::NAN).await;
            "done"
        }))
    };
    everywhere(server, async |client| {
        client.ok("tools/call", json!({"name": "odd", "_meta": {"progressToken": 1}})).await;
        let received = client.receive_all().await;
        assert_eq!(received[1].params, json!({"progressToken": 1, "progress": 2}));
        assert_eq!(values(received), [1.0, 2.0]);
    })
    .await;
}

/// A task that waits for the client to read while its call is answered (PROG-2).
#[tokio::test(start_paused = true)]
async fn progress_that_waited_for_the_client_does_not_follow_the_answer() {
    for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
        let mut limits = Limits::new();
        limits.min_progress_interval = Duration::ZERO;
        limits.connection.max_outbox_bytes = 1_024;
        let gate = Gate::new();
        let waits = gate.clone();
        let tool = ToolRoute::builder("leave").handler(move |context: Context| {
            let gate = waits.clone();
            async move {
                tokio::spawn(async move {
                    for done in 1..=1_000 {
                        context.progress_with_message(f64::from(done), None, "x".repeat(200)).await;
                    }
                });
                gate.wait().await;
                "done"
            }
        });
        let server = crate::harness::built(server().tool(tool).limits(limits));
        let mut raw = match revision {
            Revision::V2026_07_28 => crate::harness::Raw::open(&server, 64),
            _ => crate::harness::Raw::session_over(&server, revision.as_str(), 64).await,
        };
        let mut params = json!({"name": "leave", "_meta": {"progressToken": 1}});
        if revision == Revision::V2026_07_28 {
            add_modern_meta(&mut params, &json!({}));
        }
        raw.send(&request(1, "tools/call", params)).await;
        gate.arrived(1).await;
        settle().await; // The task sends until the limit is reached.
        gate.open(1);
        let mut reports = 0;
        loop {
            let message = raw.next().await.expect("an answer");
            if message.get("id").is_some() {
                break;
            }
            reports += 1;
        }
        assert!((1..1_000).contains(&reports), "{revision}: {reports}");
        raw.close().await;
        assert_eq!(raw.next().await, None, "{revision}: nothing follows the answer");
    }
}

/// The same with tasks on other threads, which send at the moment of the answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn progress_of_other_threads_does_not_follow_the_answer() {
    let mut limits = Limits::new();
    limits.min_progress_interval = Duration::ZERO;
    let tool = ToolRoute::builder("leave").handler(move |context: Context| async move {
        let (started, mut starts) = tokio::sync::mpsc::channel(1);
        for _ in 0..3 {
            let (context, started) = (context.clone(), started.clone());
            tokio::spawn(async move {
                let _ = started.send(()).await;
                for done in 1..=50 {
                    context.progress(f64::from(done), None).await;
                }
            });
        }
        starts.recv().await;
        "done"
    });
    let server = crate::harness::built(server().tool(tool).limits(limits));
    let mut raw = crate::harness::Raw::session(&server, "2025-11-25").await;
    for id in 1..=300 {
        let params = json!({"name": "leave", "_meta": {"progressToken": id}});
        raw.send(&request(id, "tools/call", params)).await;
        loop {
            let message = raw.next().await.expect("an answer");
            match message.get("id") {
                Some(answered) => break assert_eq!(*answered, id),
                None => assert_eq!(message["params"]["progressToken"], id),
            }
        }
    }
    raw.close().await;
    assert_eq!(raw.next().await, None);
}

/// Other tasks run whether or not the notifications of the loop are sent.
#[tokio::test]
async fn a_loop_that_only_reports_does_not_starve_others() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use mcp_server::types::LoggingLevel;

    for what in ["progress", "asked", "log"] {
        let finished = Arc::new(AtomicBool::new(false));
        let gate = Gate::new();
        let looping = || {
            let (finished, gate) = (Arc::clone(&finished), gate.clone());
            server().tool(ToolRoute::builder("loop").handler(move |context: Context| {
                let (finished, gate) = (Arc::clone(&finished), gate.clone());
                async move {
                    gate.open(1);
                    gate.wait().await;
                    for done in 0..100_000_000 {
                        match what {
                            "log" => context.log(LoggingLevel::Debug, "quiet").await,
                            _ => context.progress(f64::from(done), None).await,
                        }
                    }
                    finished.store(true, Ordering::Relaxed);
                    "done"
                }
            }))
        };
        let mut calls = 0;
        for &transport in Transport::ALL {
            for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
                let client =
                    Client::connect(&crate::harness::built(looping()), transport, revision).await;
                let ticks = Arc::new(AtomicU64::new(0));
                let ticking = tokio::spawn({
                    let ticks = Arc::clone(&ticks);
                    async move {
                        loop {
                            ticks.fetch_add(1, Ordering::Relaxed);
                            tokio::task::yield_now().await;
                        }
                    }
                });
                let mut params = json!({"name": "loop"});
                if what == "asked" {
                    params["_meta"] = json!({"progressToken": 1});
                }
                let call = client.start("tools/call", params);
                calls += 1;
                gate.arrived(calls).await;
                while ticks.load(Ordering::Relaxed) < 100 {
                    tokio::task::yield_now().await;
                }
                client.cancel(&call);
                assert_eq!(call.ended().await, None, "{what} {transport:?} {revision}");
                ticking.abort();
                let finished = finished.load(Ordering::Relaxed);
                assert!(!finished, "{what} {transport:?} {revision}: the loop ran to its end");
            }
        }
    }
}
