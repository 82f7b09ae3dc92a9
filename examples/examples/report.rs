//! A report that takes a while, asks once in the middle, and finishes although its server is
//! killed.
//!
//! ```text
//! cargo run -p mcp-examples --features redb --example report
//! ```
//!
//! The program starts itself as a server over stdio, which keeps its tasks in a file. It calls the
//! tool `report`, saves the task, and kills the server. Then it starts the server again, and waits
//! for the result of the same task. The chapters that were written before the server was killed are
//! not written again. It prints:
//!
//! ```text
//! the server writes chapter 1
//! the server writes chapter 2
//! the server is killed
//! publish? yes
//! the server writes chapter 3
//! # Report of 2026: chapter 1, chapter 2, chapter 3
//! ```

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use mcp_client::task::{SavedTask, Started, TaskOptions};
use mcp_client::types::ElicitResult;
use mcp_client::{Client, ClientBuilder};
use mcp_server::input::{AskError, KeyRing};
use mcp_server::store::RedbStore;
use mcp_server::task::TaskConfig;
use mcp_server::{Context, Elicit, Server, routes, tool};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize, Elicit)]
struct Decision {
    /// Publish the report
    publish: bool,
}

/// Write the report of a year.
#[tool(task)]
async fn report(year: u32, ctx: Context) -> Result<String, AskError> {
    let mut chapters: Vec<String> = Vec::new();
    for number in 1..=3 {
        if number == 3 {
            let Decision { publish } = ctx.elicit("Publish the report?").await?;
            if !publish {
                return Ok("not published".to_owned());
            }
        }
        chapters.push(ctx.step("chapter", write_chapter(number)).await);
        ctx.progress_with_message(f64::from(number), 3.0, format!("chapter {number}")).await;
    }
    Ok(format!("# Report of {year}: {}", chapters.join(", ")))
}

/// The work that must not be done again after a restart.
async fn write_chapter(number: u32) -> String {
    eprintln!("the server writes chapter {number}");
    tokio::time::sleep(Duration::from_millis(300)).await;
    format!("chapter {number}")
}

async fn serve(file: &Path) -> Result<(), Box<dyn Error>> {
    // A real server reads its secret from where it keeps secrets.
    let keys = KeyRing::new("an example, and no secret: 0123456789abcdef")?;
    let tasks = TaskConfig::new(RedbStore::open(file)?).poll_interval(Duration::from_millis(100));
    let server = Server::builder("reports", "1.0.0").routes(routes![report]);
    server.tasks(tasks).state_keys(keys).serve_stdio().await?;
    Ok(())
}

fn client() -> ClientBuilder {
    Client::builder().tasks(TaskOptions::new()).on_elicit(|_| async {
        eprintln!("publish? yes");
        ElicitResult::accept(json!({ "publish": true }))
    })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    if let Some(file) = arguments.next() {
        return serve(Path::new(&file)).await;
    }
    let file = std::env::temp_dir().join(format!("mcp-report-{}.redb", std::process::id()));
    let command = || {
        let mut command = Command::new(std::env::current_exe().unwrap_or_default());
        command.arg(&file);
        command
    };

    let first = client().connect_command(command()).await?;
    let started = first.call_tool("report", &json!({ "year": 2026 })).start().await?;
    let Started::Task(mut task) = started else { return Err("the call became no task".into()) };
    let saved = serde_json::to_string(&task.save())?;
    tokio::time::sleep(Duration::from_millis(450)).await;
    eprintln!("the server is killed");
    drop((task, first)); // Dropping a client kills its server.

    let saved: SavedTask = serde_json::from_str(&saved)?;
    let second = client().connect_command(command()).await?;
    eprintln!("{}", second.resume_task(saved).await?.await?.text());
    second.close().await;
    std::fs::remove_file(&file)?;
    Ok(())
}
