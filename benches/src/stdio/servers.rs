//! `stdio-bench`: the CPU time and the latency of servers over stdio.

use std::time::Duration;

use super::load;
use crate::{
    Error,
    context::Context,
    messages::{Era, Template, text},
    participants::{Participant, RATIOS, Setup, names},
    sample::Sample,
    table::Table,
    turns::Grid,
};

/// The name of the bench and its program.
pub const NAME: &str = "stdio-bench";

/// A workload.
#[derive(Clone, Debug)]
struct Workload {
    name: &'static str,
    setup: Setup,
    /// Number of requests in flight at any time.
    window: usize,
    request: Template,
}

/// Names of rows.
pub mod row {
    /// Small echo, one request at a time.
    pub const ONE: &str = "echo, one at a time";
    /// Small echo, 64 requests in flight.
    pub const IN_FLIGHT: &str = "echo, 64 in flight";
    /// As [`IN_FLIGHT`], with one tool.
    pub const ONE_TOOL: &str = "echo, 64 in flight, 1 tool";
    /// As [`IN_FLIGHT`], with 500 tools.
    pub const MANY_TOOLS: &str = "echo, 64 in flight, 500 tools";
    /// `tools/list` of 100 tools.
    pub const LIST: &str = "list of 100 tools";
    /// Echo of 64 KiB.
    pub const LONG: &str = "echo of 64 KiB";
    /// Echo of 1 MiB.
    pub const MEBIBYTE: &str = "echo of 1 MiB";
}

/// Returns the key of the table of CPU times.
pub fn key(era: Era) -> String {
    format!("stdio-{}", era.revision())
}

fn workloads(era: Era) -> Vec<Workload> {
    let of = |name, setup, window, request| Workload { name, setup, window, request };
    let (many, extra) = (Setup::new(era, 100), Setup::extra(era));
    let small = Template::echo(era, "hello, world");
    vec![
        of(row::ONE, many, 1, small.clone()),
        of(row::IN_FLIGHT, many, 64, small.clone()),
        of(row::ONE_TOOL, Setup::new(era, 1), 64, small.clone()),
        of(row::MANY_TOOLS, Setup::new(era, 500), 64, small),
        of(row::LIST, many, 1, Template::list(era)),
        of(row::LONG, many, 1, Template::echo(era, &text(64 << 10))),
        of(row::MEBIBYTE, many, 1, Template::echo(era, &text(1 << 20))),
        of("structured result with 50 fields", extra, 1, Template::record(era)),
        of("call with 20 arguments", extra, 1, Template::form(era)),
    ]
}

/// Measures the servers. Returns a table of CPU times for each era, and one of latencies.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    let options = &context.options;
    let servers = context.programs()?.stdio_servers(options);
    let mut tables = vec![];
    let mut latency = Table::new(
        "stdio-latency",
        "Servers over stdio: median and 99th percentile of the latency, µs",
        &names(&servers),
    )
    .ratios(&RATIOS);
    for era in options.eras() {
        let mut workloads = workloads(era);
        workloads.retain(|workload| options.includes_row(workload.name));
        let grid = Grid::measure(options.rounds, &workloads, &servers, |workload, server| {
            run(workload, server, options.time)
        });
        let title = format!("Servers over stdio, {}: CPU µs per request", era.revision());
        let mut cpu = Table::new(key(era), title, &names(&servers)).ratios(&RATIOS);
        for (index, workload) in workloads.iter().enumerate() {
            cpu.row(workload.name, grid.medians(index, |sample| sample.server_us));
            if workload.name == row::ONE || workload.name == row::IN_FLIGHT {
                let name = |what| format!("{}, {}, {what}", era.revision(), workload.name);
                latency.row(name("p50"), grid.medians(index, |sample| sample.p50_us));
                latency.row(name("p99"), grid.medians(index, |sample| sample.p99_us));
            }
        }
        tables.push(cpu);
    }
    tables.push(latency);
    Ok(tables)
}

fn run(workload: &Workload, server: &Participant, time: Duration) -> Result<Sample, Error> {
    load::sample(server, &workload.setup, &workload.request, workload.window, time)
        .map_err(|error| format!("{}, {}: {error}", server.name, workload.name).into())
}
