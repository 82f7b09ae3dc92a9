//! `task-bench`: tasks and the stores that keep them. The package `benches/tasks` has the programs,
//! so that the other programs are built without stores.

use std::{env, process::Command, time::Duration};

use serde_json::Value;

use crate::{
    Error,
    context::Context,
    flows::dialogue::Dialogue,
    messages::{Era, Template},
    packages,
    participants::{OURS, Participant, RATIOS, RMCP, Setup, names},
    table::Table,
    transport::Transport,
    turns::Grid,
};

/// The name of the bench and its program.
pub const NAME: &str = "task-bench";

/// The key of the table of tasks that are created and completed.
pub const TIME: &str = "task-time";
/// The key of the table of steps.
pub const STEP: &str = "task-step";
/// The key of the table of idle tasks.
pub const MEMORY: &str = "task-memory";
/// The key of the table of the feed.
pub const FEED: &str = "task-feed";
/// The key of the table of servers.
pub const SERVERS: &str = "task-http";

/// Names of rows.
pub mod row {
    /// The store in memory.
    pub const MEMORY: &str = "store in memory, 64 in flight";
    /// The store in a file, with a transaction for each write.
    pub const REDB_ONE: &str = "store in redb, one at a time";
    /// The store in a file, with transactions of many writes.
    pub const REDB: &str = "store in redb, 64 in flight";
    /// The store in Redis.
    pub const REDIS: &str = "store in Redis, 64 in flight";
    /// The number of writes of a step.
    pub const WRITES: &str = "writes of a step";
    /// A task that waits for an answer.
    pub const PARKED: &str = "task that is parked for an answer, KiB";
    /// The latency of the feed.
    pub const FEED: &str = "feed of Redis, 99th percentile, ms";
    /// A task over HTTP.
    pub const HTTP: &str = "task: created, and read until it is completed";
}

/// Time limit of one run of a program.
const LIMIT: Duration = Duration::from_secs(120);

/// What a program measures for a row.
struct Load {
    row: &'static str,
    arguments: &'static [&'static str],
    /// Which of the figures it is.
    figure: usize,
}

const fn load(row: &'static str, arguments: &'static [&'static str], figure: usize) -> Load {
    Load { row, arguments, figure }
}

const TIMES: [Load; 10] = [
    load(row::MEMORY, &["store", "memory", "64"], 0),
    load(row::REDB_ONE, &["store", "redb", "1"], 0),
    load(row::REDB, &["store", "redb", "64"], 0),
    load("store in redb, 256 in flight", &["store", "redb", "256"], 0),
    load("store in Redis, one at a time", &["store", "redis", "1"], 0),
    load(row::REDIS, &["store", "redis", "64"], 0),
    load("store in Redis, appendfsync always, 64 in flight", &["store", "redis-always", "64"], 0),
    load("server with the store in memory, 64 in flight", &["server", "memory", "64"], 0),
    load("server with the store in redb, 64 in flight", &["server", "redb", "64"], 0),
    load("server with the store in Redis, 64 in flight", &["server", "redis", "64"], 0),
];

const STEPS: [Load; 4] = [
    load(row::WRITES, &["step", "memory"], 1),
    load("step, store in memory, µs", &["step", "memory"], 0),
    load("step, store in redb, µs", &["step", "redb"], 0),
    load("step, store in Redis, µs", &["step", "redis"], 0),
];

const IDLE: [Load; 2] = [
    load(row::PARKED, &["idle", "parked"], 0),
    load("task whose handler waits, KiB", &["idle", "running"], 0),
];

const FEEDS: [Load; 2] = [
    load("feed of Redis, median, ms", &["feed", "redis"], 0),
    load(row::FEED, &["feed", "redis"], 1),
];

const TIME_NOTES: [&str; 4] = [
    "A store has two writes for each task: it is created with a lease, and completed. The rows of \
     servers are calls of a tool that returns at once, by a client in the same process; records \
     that leave the process are sealed.",
    "One at a time, each write of redb is a transaction of its own; 64 in flight share them.",
    "Redis runs on the same machine, without persistence unless the row says so.",
    "rmcp: its `TaskManager`, which keeps tasks in memory, without the protocol. It looks at all \
     tasks whenever one is created, so its time grows with their number; here it has 10,000.",
];

const MEMORY_NOTE: &str = "Growth of resident memory by 10,000 tasks, divided by their number. rmcp \
     cannot park a task: its handler waits.";

const HTTP_NOTE: &str = "2026-07-28, one request at a time. Tasks are in memory, and each server \
     keeps those of the whole run.";

/// Measures everything.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    let options = &context.options;
    let mut loaders = vec![];
    let mut servers = vec![];
    let participants = [
        (OURS, "tasks", "plain", ["task-load", "task-http-server"]),
        (RMCP, "peers/rmcp", "release", ["rmcp-task-load", "rmcp-task-http-server"]),
    ];
    for (name, package, profile, binaries) in participants {
        if options.includes(name) {
            let programs = packages::build(package, profile, &binaries)?;
            let participant = |binary| {
                let program = packages::find(&programs, binary);
                let program = program.ok_or_else(|| format!("{binary} was not built"))?;
                Ok::<_, Error>(Participant { name: name.to_owned(), command: vec![program] })
            };
            loaders.push(participant(binaries[0])?);
            servers.push(participant(binaries[1])?);
        }
    }
    let title = "Tasks created and completed in one process, µs each by the clock";
    let ours = if options.includes(OURS) { &loaders[..1] } else { &[] };
    let feed = "From a write at one instance to its report at another one";
    Ok(vec![
        table(context, (TIME, title), &TIMES, &loaders).notes(&TIME_NOTES),
        table(context, (STEP, "`ctx.step`, one after the other"), &STEPS, ours),
        table(context, (MEMORY, "Memory of idle tasks"), &IDLE, &loaders).notes(&[MEMORY_NOTE]),
        table(context, (FEED, feed), &FEEDS, ours),
        over_http(context, &servers),
    ])
}

/// Measures loads with programs that print figures.
fn table(
    context: &Context,
    (key, title): (&str, &str),
    loads: &[Load],
    programs: &[Participant],
) -> Table {
    let options = &context.options;
    let has_redis = has_redis();
    let is_possible = |load: &&Load| has_redis || !needs_redis(load);
    let mut table = Table::new(key, title, &names(programs)).ratios(&RATIOS);
    if !loads.iter().all(|load| is_possible(&load)) {
        table = table.notes(&["redis-server is not installed, so the rows of Redis are missing."]);
    }
    let loads: Vec<&Load> = loads
        .iter()
        .filter(is_possible)
        .filter(|load| options.includes_row(load.row) && !programs.is_empty())
        .collect();
    let grid = Grid::measure(options.rounds, &loads, programs, |load, program| {
        // rmcp has one store, and its tasks do not ask.
        let is_ours = program.name == OURS;
        let is_rmcp = [["store", "memory"], ["idle", "running"]]
            .contains(&[load.arguments[0], load.arguments[1]]);
        if !is_ours && !is_rmcp {
            return Ok(f64::NAN);
        }
        figure(load, program)
            .map_err(|error| format!("{}, {}: {error}", program.name, load.row).into())
    });
    for (index, load) in loads.iter().enumerate() {
        table.row(load.row, grid.medians(index, |figure| *figure));
    }
    table
}

fn needs_redis(load: &Load) -> bool {
    load.arguments.iter().any(|argument| argument.starts_with("redis"))
}

fn has_redis() -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join("redis-server").exists())
}

fn figure(load: &Load, program: &Participant) -> Result<f64, Error> {
    let mut command = Command::new(&program.command[0]);
    packages::printed_figure(command.args(load.arguments), LIMIT, load.figure)
}

/// Measures servers.
fn over_http(context: &Context, servers: &[Participant]) -> Table {
    let options = &context.options;
    let title = "A task over HTTP, 2026-07-28: CPU µs";
    let mut table = Table::new(SERVERS, title, &names(servers)).ratios(&RATIOS).notes(&[HTTP_NOTE]);
    if options.includes_row(row::HTTP) && options.eras().contains(&Era::Modern) {
        let grid = Grid::measure(options.rounds, &[row::HTTP], servers, |_, server| {
            let setup = Setup::new(Era::Modern, 1);
            Dialogue::open(context, Transport::Http, server, &setup)
                .and_then(|mut dialogue| dialogue.repeat(options.time, one_task))
                .map_err(|error| format!("{}, task: {error}", server.name).into())
        });
        table.row(row::HTTP, grid.medians(0, |used| *used));
    }
    table
}

fn one_task(dialogue: &mut Dialogue<'_>) -> Result<(), Error> {
    let created = dialogue.exchange(&Template::begin_task("hello, world"))?;
    let id = created["result"]["taskId"].as_str().ok_or("the call became no task")?;
    let read = Template::get_task(id);
    loop {
        let task = dialogue.exchange(&read)?;
        match task["result"]["status"].as_str() {
            Some("working") => {}
            Some("completed") => {
                return match &task["result"]["result"]["content"][0]["text"] {
                    Value::String(text) if text == "hello, world" => Ok(()),
                    _ => Err(format!("not the result: {task}").into()),
                };
            }
            _ => return Err(format!("not the expected state: {task}").into()),
        }
    }
}
