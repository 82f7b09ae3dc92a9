//! `process-bench`: the start of a stdio server, its memory, and the memory of idle HTTP clients.

use std::{thread, time::Duration};

use crate::{
    Error,
    context::Context,
    http::memory::{self, Idle},
    messages::{Era, Template},
    participants::{FLOOR, Participant, RATIOS, RMCP, Setup, names},
    stdio::session::Session,
    table::Table,
    turns::Grid,
};

/// The name of the bench and its program.
pub const NAME: &str = "process-bench";

/// The key of the table of start times.
pub const START: &str = "start";
/// The key of the table of memory of stdio servers.
pub const DIRTY: &str = "dirty-memory";
/// The key of the table of memory of HTTP clients.
pub const CLIENTS: &str = "http-memory";

/// Names of rows.
pub mod row {
    /// Dirty memory with 2 tools.
    pub const DIRTY: &str = "idle stdio server, 2 tools";
    /// An idle session.
    pub const SESSION: &str = "idle session of 2025-11-25, KiB";
    /// An idle session with its GET stream.
    pub const STREAM: &str = "idle session with its GET stream, KiB";
    /// Sessions opened again after the first ones were deleted.
    pub const AGAIN: &str = "1,000 sessions opened again after deletion / the first time";
}

/// Time limit of a server process.
const LIMIT: Duration = Duration::from_secs(30);
/// Time after which a server without requests is idle.
const SETTLE: Duration = Duration::from_millis(300);

/// Returns the name of a row of start times.
pub fn start_row(era: Era, tools: usize) -> String {
    format!("{}, {tools} tools", era.revision())
}

/// Measures the processes.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    Ok(vec![start(context)?, dirty_memory(context)?, idle_clients(context)?])
}

fn start(context: &Context) -> Result<Table, Error> {
    let options = &context.options;
    let servers = context.programs()?.stdio_servers(options);
    let mut rows: Vec<(Era, usize)> = options
        .eras()
        .into_iter()
        .flat_map(|era| [2, 100, 500].map(|tools| (era, tools)))
        .collect();
    rows.retain(|(era, tools)| options.includes_row(&start_row(*era, *tools)));
    let grid = Grid::measure(10 * options.rounds, &rows, &servers, |(era, tools), server| {
        let mut session = Session::spawn(server, &Setup::new(*era, *tools), LIMIT)?;
        Ok(session.open(*era)?.as_secs_f64() * 1e3)
    });
    let title =
        "Start of a stdio server: time from the start of the process to its first answer, ms";
    let mut table = Table::new(START, title, &names(&servers)).ratios(&RATIOS);
    for (index, (era, tools)) in rows.iter().enumerate() {
        table.row(start_row(*era, *tools), grid.medians(index, |time| *time));
    }
    Ok(table)
}

fn dirty_memory(context: &Context) -> Result<Table, Error> {
    let options = &context.options;
    let servers = context.programs()?.stdio_servers(options);
    let mut rows = vec![(row::DIRTY, 2), ("idle stdio server, 100 tools", 100)];
    rows.retain(|(name, _)| options.includes_row(name));
    let grid = Grid::measure(options.rounds, &rows, &servers, |(_, tools), server| {
        let mut session = Session::spawn(server, &Setup::new(Era::Legacy, *tools), LIMIT)?;
        session.open(Era::Legacy)?;
        session.exchange(&Template::list(Era::Legacy))?;
        thread::sleep(SETTLE);
        session.dirty_kib()
    });
    let title = "Memory of a stdio server that has answered a call and a list: private dirty, KiB";
    let mut table = Table::new(DIRTY, title, &names(&servers)).ratios(&RATIOS);
    for (index, (name, _)) in rows.iter().enumerate() {
        table.row(*name, grid.medians(index, |size| *size));
    }
    Ok(table)
}

/// A row of the table of idle clients.
#[derive(Clone, Copy, Debug)]
enum Clients {
    Idle(Idle),
    Again,
}

const NOTES: [&str; 2] = [
    "The growth of resident memory by 1,000 clients, divided by 1,000. The floor has neither \
     sessions nor streams, and rmcp has no `subscriptions/listen` by default.",
    "The last row is the resident memory with 1,000 sessions after as many were deleted, divided by \
     that with the first 1,000: what deletion does not give back for use.",
];

fn idle_clients(context: &Context) -> Result<Table, Error> {
    let options = &context.options;
    let mut servers = context.programs()?.http_servers(options);
    servers.retain(|server| server.name != FLOOR);
    let mut rows = vec![
        (row::SESSION, Clients::Idle(Idle::Session)),
        (row::STREAM, Clients::Idle(Idle::SessionWithStream)),
        ("idle connection of 2026-07-28, KiB", Clients::Idle(Idle::Connection)),
        ("listen stream of 2026-07-28, KiB", Clients::Idle(Idle::ListenStream)),
        (row::AGAIN, Clients::Again),
    ];
    rows.retain(|(name, _)| options.includes_row(name));
    // Memory varies little, and each measurement takes seconds.
    let rounds = options.rounds.min(2);
    let grid = Grid::measure(rounds, &rows, &servers, |(name, clients), server: &Participant| {
        if server.name == RMCP && matches!(clients, Clients::Idle(Idle::ListenStream)) {
            return Ok(f64::NAN);
        }
        let measured = context.runtime.block_on(async {
            match clients {
                Clients::Idle(idle) => memory::of_each(server, *idle).await,
                Clients::Again => memory::opened_again(server).await,
            }
        });
        measured.map_err(|error| format!("{}, {name}: {error}", server.name).into())
    });
    let title = "Memory of idle HTTP clients in the server";
    let mut table = Table::new(CLIENTS, title, &names(&servers)).ratios(&RATIOS).notes(&NOTES);
    for (index, (name, _)) in rows.iter().enumerate() {
        table.row(*name, grid.medians(index, |size| *size));
    }
    Ok(table)
}
