//! A server whose tools misbehave in the ways that a host has to expect, for the tests in
//! `tests/process`.
//!
//! It serves stdio, or HTTP if `HTTP_ADDRESS` is set. `SHUTDOWN_TIMEOUT_MS` sets the shutdown
//! timeouts, and `WORKER_THREADS` the number of worker threads; 0 is the current-thread runtime.
//! With the argument `parent`, the program is a host: it starts such a server, prints its process
//! id and waits for it.

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

#[derive(Deserialize, JsonSchema)]
struct Length {
    length: usize,
}

/// Number of calls of `wait` that run now, and its maximum so far.
static RUNNING: AtomicU64 = AtomicU64::new(0);
static PEAK: AtomicU64 = AtomicU64::new(0);

/// Prints its text to standard error when it is dropped.
struct PrintOnDrop(&'static str);

impl Drop for PrintOnDrop {
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
    let _guard = PrintOnDrop("the endless call was dropped");
    eprintln!("the endless call runs");
    std::future::pending().await
}

fn block_forever() -> ! {
    eprintln!("blocking");
    loop {
        std::thread::sleep(Duration::from_secs(1));
    }
}

async fn block_later() -> String {
    tokio::task::yield_now().await;
    block_forever()
}

async fn block_in_pool(ctx: Context) -> Result<String, mcp_server::jsonrpc::ErrorObject> {
    ctx.blocking(|| block_forever()).await
}

#[expect(clippy::print_stdout, reason = "the tool writes stray output on purpose")]
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

/// Starts children that inherit the standard streams of the server. They must find an empty input,
/// and their output must not reach the client.
async fn child() -> Result<String, mcp_server::ToolError> {
    let read = Command::new("cat").stdout(Stdio::piped()).output()?;
    let wrote = Command::new("sh").args(["-c", "echo stray output of a child"]).status()?;
    Ok(format!("{} bytes read, {wrote}", read.stdout.len()))
}

fn server() -> ServerBuilder {
    let mut limits = Limits::new();
    if let Some(timeout) = number("SHUTDOWN_TIMEOUT_MS") {
        limits.connection.shutdown_timeout = Duration::from_millis(timeout);
        limits.http.shutdown_timeout = Duration::from_millis(timeout);
    }
    Server::builder("misbehaving", "1.0.0").limits(limits).tools([
        ToolRoute::builder("echo").handler(|Args(Text { text }): Args<Text>| async { text }),
        ToolRoute::builder("size")
            .handler(|Args(Length { length }): Args<Length>| async move { "x".repeat(length) }),
        ToolRoute::builder("wait").handler(wait),
        ToolRoute::builder("peak").handler(|| async { PEAK.load(Relaxed).to_string() }),
        ToolRoute::builder("never").handler(never),
        ToolRoute::builder("block").handler(|| async { block_forever() as String }),
        ToolRoute::builder("block-later").handler(block_later),
        ToolRoute::builder("block-in-pool").handler(block_in_pool),
        ToolRoute::builder("print").handler(print),
        ToolRoute::builder("child").handler(child),
    ])
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[expect(clippy::print_stdout, reason = "the host prints the process id of the server")]
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
    let mut runtime = match number("WORKER_THREADS") {
        Some(0) => tokio::runtime::Builder::new_current_thread(),
        threads => {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.worker_threads(threads.unwrap_or(2) as usize);
            builder
        }
    };
    let runtime = runtime.enable_all().build()?;
    let served: Result<(), ServeError> = match std::env::var("HTTP_ADDRESS") {
        Ok(address) => {
            // The log names the address that the system chose for port 0.
            tracing_subscriber::fmt().with_writer(std::io::stderr).init();
            runtime.block_on(server().serve_http(address))
        }
        Err(_) => runtime.block_on(server().serve_stdio()),
    };
    Ok(served?)
}
