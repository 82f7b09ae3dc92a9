//! A server whose tools misbehave in every way that a host has to expect, for the tests of
//! `tests/process`.
//!
//! `HARD_DRAIN_MS` sets the drain times, `HARD_THREADS` the threads of the runtime (0: only the
//! main one), `HARD_HTTP` an address to serve instead of the standard streams. With the argument
//! `parent` it is instead a host that starts such a server, tells its process id and waits.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use mcp_server::extract::Args;
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, ServeError, Server, ServerBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Deserialize, JsonSchema)]
struct Text {
    text: String,
}

#[derive(Deserialize, JsonSchema)]
struct Millis {
    ms: u64,
}

/// How many calls of `wait` run, and how many did at most.
static RUNNING: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);

/// Tells on standard error that a call was dropped.
struct Told(&'static str);

impl Drop for Told {
    fn drop(&mut self) {
        eprintln!("{}", self.0);
    }
}

async fn wait(Args(Millis { ms }): Args<Millis>) -> String {
    PEAK.fetch_max(RUNNING.fetch_add(1, Relaxed) + 1, Relaxed);
    tokio::time::sleep(Duration::from_millis(ms)).await;
    RUNNING.fetch_sub(1, Relaxed);
    format!("waited {ms}")
}

async fn never() -> String {
    let _told = Told("a call that never ends was dropped");
    eprintln!("it runs for ever");
    std::future::pending().await
}

fn block_for_ever() -> ! {
    eprintln!("blocking");
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

async fn block_later() -> String {
    tokio::task::yield_now().await;
    block_for_ever()
}

async fn block_in_pool(ctx: Context) -> Result<String, mcp_server::jsonrpc::ErrorObject> {
    ctx.blocking(|| block_for_ever()).await
}

#[allow(clippy::print_stdout, reason = "stray output is what this is about")]
async fn print() -> String {
    println!("a stray line");
    print!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{{}}}}");
    std::io::stdout().flush().ok();
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            std::thread::spawn(move || {
                for line in 0..100 {
                    println!("thread {thread} line {line}");
                }
            })
        })
        .collect();
    tokio::task::yield_now().await;
    for thread in threads {
        thread.join().ok();
    }
    "printed".to_owned()
}

/// What a child sees that inherits the server's own streams: no input, and an output that is not
/// the protocol.
async fn child() -> Result<String, mcp_server::ToolError> {
    let read = Command::new("cat").stdout(Stdio::piped()).output()?;
    let wrote = Command::new("sh").args(["-c", "echo stray output of a child"]).status()?;
    Ok(format!("{} bytes read, {wrote}", read.stdout.len()))
}

fn server() -> ServerBuilder {
    let mut limits = Limits::new();
    if let Some(drain) = number("HARD_DRAIN_MS") {
        limits.connection.shutdown_timeout = Duration::from_millis(drain);
        limits.http.shutdown_timeout = Duration::from_millis(drain);
    }
    Server::builder("hard", "1.0.0").limits(limits).tools([
        ToolRoute::builder("echo").handler(|Args(Text { text }): Args<Text>| async { text }),
        ToolRoute::builder("size")
            .handler(|Args(Millis { ms }): Args<Millis>| async move { "x".repeat(ms as usize) }),
        ToolRoute::builder("wait").handler(wait),
        ToolRoute::builder("peak").handler(|| async { PEAK.load(Relaxed).to_string() }),
        ToolRoute::builder("never").handler(never),
        ToolRoute::builder("block").handler(|| async { block_for_ever() as String }),
        ToolRoute::builder("block-later").handler(block_later),
        ToolRoute::builder("block-in-pool").handler(block_in_pool),
        ToolRoute::builder("print").handler(print),
        ToolRoute::builder("child").handler(child),
    ])
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[allow(clippy::print_stdout, reason = "a host is no server")]
fn parent() -> std::io::Result<()> {
    let program = std::env::current_exe()?;
    let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    println!("{}", child.id());
    child.wait()?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).as_deref() == Some("parent") {
        return Ok(parent()?);
    }
    let mut runtime = match number("HARD_THREADS") {
        Some(0) => tokio::runtime::Builder::new_current_thread(),
        threads => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(threads.unwrap_or(2) as usize);
            builder
        }
    };
    let runtime = runtime.enable_all().build()?;
    let served: Result<(), ServeError> = match std::env::var("HARD_HTTP") {
        Ok(address) => runtime.block_on(server().serve_http(address)),
        Err(_) => runtime.block_on(server().serve_stdio()),
    };
    Ok(served?)
}
