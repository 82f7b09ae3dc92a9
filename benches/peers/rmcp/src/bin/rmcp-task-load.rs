//! Measures one thing about tasks in memory, written with rmcp, and prints the figure.
//!
//! `rmcp-task-load store memory IN_FLIGHT` has its `TaskManager` create and complete tasks, without
//! the protocol, and prints the time of a task in µs. `rmcp-task-load idle running` prints the
//! memory of a task that waits, in KiB.

use std::{error::Error, fs, future::pending, sync::Arc, time::Instant};

use rmcp::{
    model::{CallToolResult, ContentBlock, TaskStatus},
    task_manager::{TaskExit, TaskManager, TaskOptions},
};
use tokio::sync::Semaphore;

/// Number of tasks.
const TASKS: usize = 10_000;

/// Has so many tasks created and completed.
async fn run(manager: &TaskManager, count: usize, in_flight: usize) -> Result<(), Box<dyn Error>> {
    let permits = Arc::new(Semaphore::new(in_flight));
    let mut last = String::new();
    for _ in 0..count {
        let permit = Arc::clone(&permits).acquire_owned().await?;
        let task = manager.spawn(TaskOptions::new(), |_| {
            Box::pin(async move {
                drop(permit);
                Ok::<_, TaskExit>(CallToolResult::success(vec![ContentBlock::text("done")]))
            })
        });
        last = task.task_id;
    }
    // All have run; the last one has a state soon.
    while manager.get_task(&last)?.task.status == TaskStatus::Working {
        tokio::task::yield_now().await;
    }
    Ok(())
}

fn resident_kib() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    Ok(value.ok_or("no VmRSS")?.trim().trim_end_matches(" kB").parse()?)
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let manager = TaskManager::new();
    match arguments[..] {
        ["store", "memory", in_flight] => {
            let in_flight = in_flight.parse()?;
            run(&TaskManager::new(), TASKS / 10, in_flight).await?;
            let begin = Instant::now();
            run(&manager, TASKS, in_flight).await?;
            println!("{}", begin.elapsed().as_secs_f64() * 1e6 / TASKS as f64);
        }
        ["idle", "running"] => {
            let mut before = 0.0;
            for number in 0..TASKS + TASKS / 10 {
                if number == TASKS / 10 {
                    before = resident_kib()?;
                }
                let _ = manager.spawn(TaskOptions::new(), |_| Box::pin(pending()));
            }
            println!("{}", (resident_kib()? - before) / TASKS as f64);
        }
        _ => return Err("unknown arguments; see the documentation of the program".into()),
    }
    Ok(())
}
