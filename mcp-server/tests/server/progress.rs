//! Progress notifications. Spec: basic/utilities/progress.

use std::time::Duration;

use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, Revision, ServerBuilder};
use serde_json::{Value, json};

use crate::harness::{Client, Gate, Told, each, everywhere, server};

const PROGRESS: &str = "notifications/progress";

/// A tool that reports what its caller wants to be told.
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
    values(client.all_told().await)
}

fn values(told: Vec<Told>) -> Vec<f64> {
    told.into_iter()
        .map(|told| {
            assert_eq!(told.method, PROGRESS);
            told.params["progress"].as_f64().unwrap()
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_under_the_token_of_the_caller() {
    everywhere(reporting, async |client| {
        for token in [json!("token"), json!(7), json!("7"), json!("")] {
            client
                .ok("tools/call", call(json!({"steps": [0.5], "total": 2}), Some(token.clone())))
                .await;
            let mut expected = json!({"progressToken": token, "progress": 0.5, "total": 2});
            if client.revision != Revision::V2024_11_05 {
                expected["message"] = json!("at 0.5");
            }
            assert_eq!(client.told_of(PROGRESS).await, expected);
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn nobody_who_did_not_ask_is_told() {
    everywhere(reporting, async |client| {
        client.ok("tools/call", call(json!({"steps": [1, 2]}), None)).await;
        assert_eq!(client.all_told().await, []);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn values_rise_strictly() {
    everywhere(reporting, async |client| {
        let steps = json!({"steps": [1, 1, 0.5, 2, -3, 2, 2.5], "total": 9});
        assert_eq!(reported(&client, steps).await, [1.0, 2.0, 2.5]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_thinned_out_but_its_end_is_told() {
    everywhere(reporting, async |client| {
        let flood: Vec<_> = (1..=1_000).collect();
        let told = reported(&client, json!({"steps": flood, "total": 1_000})).await;
        assert_eq!(told.len(), 11, "a burst of ten, and the last");
        assert_eq!((told[0], told[9], told[10]), (1.0, 10.0, 1_000.0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn values_in_good_time_all_pass_and_hurried_ones_at_the_rate() {
    let limits = || {
        let mut limits = Limits::new();
        limits.min_progress_interval = Duration::from_millis(40);
        reporting().limits(limits)
    };
    each(&[Revision::V2025_11_25, Revision::V2026_07_28], limits, async |client| {
        let steps: Vec<_> = (1..=100).collect();
        let slow = reported(&client, json!({"steps": steps, "pause_ms": 40})).await;
        assert_eq!(slow.len(), 100);
        // 100 values in 1 s: the burst, and then one each 40 ms.
        let quick = reported(&client, json!({"steps": steps, "pause_ms": 10})).await;
        assert!((10 + 22..=10 + 26).contains(&quick.len()), "{}", quick.len());
        assert!(quick.is_sorted_by(|a, b| a < b));
    })
    .await;
}

/// The notification may not come after the answer, even when the handler never waits.
#[tokio::test(start_paused = true)]
async fn progress_comes_before_the_answer() {
    let mut raw =
        crate::harness::Raw::session(&crate::harness::built(reporting()), "2025-11-25").await;
    let ask = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call(json!({"steps": [1, 2]}), Some(json!(1)))});
    raw.send(&ask).await;
    for expected in [1, 2] {
        assert_eq!(raw.next().await.unwrap()["params"]["progress"], expected);
    }
    assert_eq!(raw.next().await.unwrap()["id"], 1);
}

/// A task that outlives its call may still hold the context; the token is dead all the same (PROG-2).
#[tokio::test(start_paused = true)]
async fn nothing_is_told_after_the_answer() {
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
                "gone"
            }
        }))
    };
    everywhere(server, async |client| {
        client.ok("tools/call", json!({"name": "leave", "_meta": {"progressToken": 1}})).await;
        assert_eq!(values(client.all_told().await), [1.0]);
        gate.open(1);
        assert_eq!(values(client.all_told().await), Vec::<f64>::new());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_number_is_not_told() {
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
        let told = client.all_told().await;
        assert_eq!(told[1].params, json!({"progressToken": 1, "progress": 2}));
        assert_eq!(values(told), [1.0, 2.0]);
    })
    .await;
}
