//! `http-bench`: the CPU time and the latency of servers over Streamable HTTP.

use std::time::Duration;

use tokio::runtime::Runtime;

use super::load::{Load, Senders};
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
pub const NAME: &str = "http-bench";

/// A workload.
#[derive(Clone, Debug)]
struct Workload {
    name: &'static str,
    setup: Setup,
    senders: Senders,
    request: Template,
}

/// Names of rows.
pub mod row {
    /// Small echo on one connection.
    pub const ONE: &str = "echo, 1 connection";
    /// Small echo on 32 connections.
    pub const CONNECTIONS: &str = "echo, 32 connections";
    /// As [`CONNECTIONS`], with one tool.
    pub const ONE_TOOL: &str = "echo, 32 connections, 1 tool";
    /// As [`CONNECTIONS`], with 500 tools.
    pub const MANY_TOOLS: &str = "echo, 32 connections, 500 tools";
    /// As [`CONNECTIONS`], over HTTP/2.
    pub const HTTP2: &str = "echo, 32 connections, HTTP/2";
    /// Small echo on 1,000 connections.
    pub const MANY_CONNECTIONS: &str = "echo, 1,000 connections";
    /// `tools/list` of 100 tools.
    pub const LIST: &str = "list of 100 tools, 32 connections";
    /// Echo of 64 KiB.
    pub const LONG: &str = "echo of 64 KiB, 8 connections";
    /// Echo of 1 MiB.
    pub const MEBIBYTE: &str = "echo of 1 MiB, 1 connection";
}

/// Returns the key of the table of CPU times.
pub fn key(era: Era) -> String {
    format!("http-{}", era.revision())
}

fn workloads(era: Era) -> Vec<Workload> {
    let of = |name, setup, connections, request| {
        let senders = Senders::Connections(connections);
        Workload { name, setup, senders, request }
    };
    let (many, extra) = (Setup::new(era, 100), Setup::extra(era));
    let small = Template::echo(era, "hello, world");
    let mut workloads = vec![
        of(row::ONE, many, 1, small.clone()),
        of(row::CONNECTIONS, many, 32, small.clone()),
        of("echo, 256 connections", many, 256, small.clone()),
        of(row::MANY_CONNECTIONS, many, 1_000, small.clone()),
        of(row::ONE_TOOL, Setup::new(era, 1), 32, small.clone()),
        of(row::MANY_TOOLS, Setup::new(era, 500), 32, small.clone()),
        of(row::LIST, many, 32, Template::list(era)),
        of(row::LONG, many, 8, Template::echo(era, &text(64 << 10))),
        of(row::MEBIBYTE, many, 1, Template::echo(era, &text(1 << 20))),
        of("structured result with 50 fields, 32 connections", extra, 32, Template::record(era)),
        of("call with 20 arguments, 32 connections", extra, 32, Template::form(era)),
    ];
    if era == Era::Modern {
        let http2 = |name, senders| Workload {
            name,
            setup: Setup { http2: true, ..many },
            senders,
            request: small.clone(),
        };
        workloads.push(http2(row::HTTP2, Senders::Http2Connections(32)));
        workloads
            .push(http2("echo, 1 connection with 32 streams, HTTP/2", Senders::Http2Streams(32)));
    }
    workloads
}

/// Measures the servers. Returns a table of CPU times for each era, and one of latencies.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    let options = &context.options;
    let servers = context.programs()?.http_servers(options);
    let mut tables = vec![];
    let mut latency = Table::new(
        "http-latency",
        "Servers over HTTP: median and 99th percentile of the latency, µs",
        &names(&servers),
    )
    .ratios(&RATIOS);
    for era in options.eras() {
        let mut workloads = workloads(era);
        workloads.retain(|workload| options.includes_row(workload.name));
        let grid = Grid::measure(options.rounds, &workloads, &servers, |workload, server| {
            run(workload, server, options.time, &context.runtime)
        });
        let title = format!("Servers over HTTP, {}: CPU µs per request", era.revision());
        let mut cpu = Table::new(key(era), title, &names(&servers)).ratios(&RATIOS);
        for (index, workload) in workloads.iter().enumerate() {
            cpu.row(workload.name, grid.medians(index, |sample| sample.server_us));
            if workload.name == row::CONNECTIONS || workload.name == row::MANY_CONNECTIONS {
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

fn run(
    workload: &Workload,
    server: &Participant,
    time: Duration,
    runtime: &Runtime,
) -> Result<Sample, Error> {
    let sample =
        Load::sample(runtime, server, &workload.setup, &workload.request, workload.senders, time);
    sample.map_err(|error| format!("{}, {}: {error}", server.name, workload.name).into())
}
