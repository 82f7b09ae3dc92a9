//! A server whose task takes a few steps and writes down what it does, for the tests in
//! `tests/kill`, which kill it.
//!
//! `task-server NAME STORE LINES LEASE_MS` serves HTTP on a free port of 127.0.0.1, and prints its
//! URL to standard error. `STORE` is the path of a file or the URL of a Redis server. The program
//! ends when its standard input is closed, so that it does not outlive a test that was killed.

use std::fs::{File, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use mcp_server::extract::Args;
use mcp_server::http::HttpOptions;
use mcp_server::input::KeyRing;
use mcp_server::store::{RedbStore, RedisStore};
use mcp_server::task::{TaskConfig, TaskSupport};
use mcp_server::tool::ToolRoute;
use mcp_server::{Context, Limits, Server};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::net::TcpListener;

/// Number of steps of a task.
const STEPS: usize = 4;

/// Time that a step takes at most, in milliseconds.
const MAX_STEP_MS: u64 = 80;

/// The tests interrupt a task as often as they like, and keep many.
const MANY: u32 = 1_000_000;

#[derive(Deserialize, JsonSchema)]
struct Work {
    /// The name of the task in the lines.
    task: String,
}

/// What this process writes down, shared with the processes before and beside it.
struct Lines {
    file: File,
    name: String,
    written: AtomicU64,
}

impl Lines {
    /// Appends `microseconds process task what token`, in one write. Returns the token, which no
    /// other line has.
    fn append(&self, task: &str, what: &str) -> io::Result<String> {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let token = format!("{}.{number}", self.name);
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let line = format!("{time} {} {task} {what} {token}\n", self.name);
        (&self.file).write_all(line.as_bytes())?;
        Ok(token)
    }
}

/// Runs the steps. What the result says is what the last run of each step has written down.
async fn work(lines: &Lines, task: &str, ctx: &Context) -> io::Result<String> {
    lines.append(task, "run")?;
    let mut text = task.to_owned();
    for number in 0..STEPS {
        let step = async {
            let token = lines.append(task, &number.to_string()).map_err(|e| e.to_string())?;
            // Different times, so that a kill finds the tasks at different points.
            let mut hasher = DefaultHasher::new();
            token.hash(&mut hasher);
            tokio::time::sleep(Duration::from_millis(hasher.finish() % MAX_STEP_MS)).await;
            Ok::<_, String>(token)
        };
        // All steps have the same key, so that only their order tells them apart.
        let token: Result<String, String> = ctx.step("work", step).await;
        text = text + " " + &token.map_err(io::Error::other)?;
    }
    lines.append(task, "end")?;
    Ok(text)
}

async fn serve(arguments: &[String]) -> Result<(), Box<dyn std::error::Error>> {
    let [name, store, lines, lease_ms] = arguments else {
        return Err("usage: task-server NAME STORE LINES LEASE_MS".into());
    };
    let file = OpenOptions::new().append(true).create(true).open(lines)?;
    let lines = Arc::new(Lines { file, name: name.clone(), written: AtomicU64::new(0) });
    let tool = ToolRoute::builder("work").task(TaskSupport::Required).handler(
        move |Args(Work { task }): Args<Work>, ctx: Context| {
            let lines = Arc::clone(&lines);
            async move { work(&lines, &task, &ctx).await.map_err(mcp_server::ToolError::from) }
        },
    );
    let mut limits = Limits::new();
    limits.tasks.lease = Duration::from_millis(lease_ms.parse()?);
    limits.tasks.max_recoveries = MANY;
    limits.tasks.max_tasks = MANY as usize;
    let tasks = match store.starts_with("redis://") {
        true => TaskConfig::new(RedisStore::connect(store).await?),
        false => TaskConfig::new(RedbStore::open(store)?),
    };
    let server = Server::builder("task-server", "1.0.0")
        .limits(limits)
        .tools([tool])
        .tasks(tasks.ttl(None).poll_interval(Duration::from_millis(50)))
        .state_keys(KeyRing::new("the tests know it: 0123456789abcdef")?)
        .build()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("http://{}{}", listener.local_addr()?, HttpOptions::PATH);
    Ok(server.serve_http_with(listener, HttpOptions::new(), std::future::pending()).await?)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    std::thread::spawn(|| {
        io::stdin().read_to_end(&mut Vec::new()).ok();
        std::process::exit(0);
    });
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(&arguments))
}
