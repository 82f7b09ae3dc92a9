//! Progress and cancellation: a long call that reports progress, and one that is cancelled.
//!
//! `cargo run -p mcp-examples --example progress`
//!
//! It prints five progress reports and a result; then a call that is dropped after its second step,
//! and the server's count, which shows that the handler stopped there.

#![allow(clippy::print_stdout)] // This process is the client; the server is in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_client::Client;
use mcp_server::extract::State;
use mcp_server::{Context, Server, routes, tool};
use serde_json::json;
use tokio::sync::Notify;

/// Completed steps of all calls.
#[derive(Default)]
struct Steps(AtomicUsize);

/// Do something in steps.
#[tool]
async fn work(ctx: Context, steps: u32, done: State<Steps>) -> String {
    for step in 1..=steps {
        tokio::time::sleep(Duration::from_millis(20)).await;
        done.0.fetch_add(1, Ordering::SeqCst);
        ctx.progress_with_message(step, steps, format!("step {step} of {steps}")).await;
    }
    format!("{steps} steps done")
}

/// Get the number of completed steps of all calls.
#[tool]
fn steps_done(done: State<Steps>) -> usize {
    done.0.load(Ordering::SeqCst)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder("worker", "1.0.0")
        .state(Steps::default())
        .routes(routes![work, steps_done]);
    let client = Client::connect_memory(&server.build()?).await?;

    let report = |progress: mcp_client::types::ProgressParams| {
        println!("{}", progress.message.unwrap_or_default());
    };
    println!(
        "{}",
        client.call_tool("work", &json!({ "steps": 5 })).on_progress(report).await?.text()
    );

    // Dropping the future of a call cancels it: the server drops its handler at the next `.await`.
    let second_step = Arc::new(Notify::new());
    let seen = Arc::clone(&second_step);
    let call = client.call_tool("work", &json!({ "steps": 1_000 })).on_progress(move |progress| {
        if progress.progress >= 2.0 {
            seen.notify_one();
        }
    });
    tokio::select! {
        reply = call => println!("not expected: {}", reply?.text()),
        () = second_step.notified() => println!("given up after the second step"),
    }
    let done: usize = client.call_tool("steps_done", &()).await?.structured()?;
    println!("{done} steps were done in all");
    Ok(())
}
