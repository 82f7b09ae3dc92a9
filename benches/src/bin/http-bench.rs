//! Compares servers over Streamable HTTP, on both eras: ours, one written with `rmcp`, and the
//! practical limit.
//!
//! `cargo run --release -p mcp-benches --bin http-bench -- [--rounds N] [--seconds S] [--only NAME,NAME] [--workload TEXT] [--server NAME=COMMAND]`
//!
//! It builds what it needs, takes a few minutes, and prints tables and the verdict on each target.
//! CPU time per request is the steady figure; rates and latencies depend on what else the machine
//! does.
#![expect(clippy::print_stdout, reason = "the report is the product of this program")]

use std::{fs, process::ExitCode};

use mcp_benches::{
    Error,
    figures::{Figures, of, ratio},
    http::{
        memory::Idle,
        suite::{Plan, name, workloads},
    },
    messages::Era,
    options::Options,
    packages,
    report::{Table, Target},
    session::Server,
};

const FLOOR: &str = "floor";
const OURS: &str = "ours";
const RMCP: &str = "rmcp";

fn main() -> Result<ExitCode, Error> {
    let options = Options::parse()?;
    let servers = servers(&options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let plan = Plan { rounds: options.rounds, time: options.time, runtime };
    let mut workloads = workloads();
    workloads.retain(|load| {
        options.workload.as_ref().is_none_or(|text| load.name.contains(text.as_str()))
    });
    let loads = (plan.rounds * workloads.len() * servers.len()) as f64;
    eprintln!("loads, for about {:.0} s", 1.4 * loads * plan.time.as_secs_f64());
    let samples = plan.load(&workloads, &servers, |server, era| match era {
        Era::Legacy if server.name == FLOOR => &["--legacy"],
        _ => &[],
    })?;
    let rows = workloads.iter().map(|workload| workload.name).zip(samples).collect();
    let figures = Figures { servers: &servers, rows, ratios: &[(OURS, RMCP), (FLOOR, RMCP)] };
    println!("Server CPU µs per request\n{}", figures.table(|sample| sample.server_us));
    println!("Requests per second\n{}", figures.table(|sample| sample.per_second));
    println!("Median latency, µs\n{}", figures.table(|sample| sample.p50_us));
    println!("99th percentile of latency, µs\n{}", figures.table(|sample| sample.p99_us));
    println!("Bytes of an answer\n{}", figures.table(|sample| sample.answer_bytes));
    println!(
        "CPU µs per request of the load generator\n{}",
        figures.table(|sample| sample.generator_us)
    );

    if options.workload.is_some() {
        return Ok(ExitCode::SUCCESS); // Parts of a run are for whoever looks for a cost, not for verdicts.
    }
    eprintln!("memory");
    // The floor knows neither sessions nor streams.
    let stateful: Vec<Server> =
        servers.iter().filter(|server| server.name != FLOOR).cloned().collect();
    let kept = Figures { servers: &stateful, rows: vec![], ratios: &[(OURS, RMCP)] };
    let mut table = Table::new(kept.head());
    let mut idle = |what, clients| {
        let each = plan.idle(&stateful, clients)?;
        table.row(what, kept.with_ratios(&each));
        Ok::<f64, Error>(of(&stateful, &each, OURS))
    };
    let session = idle("idle session, KiB", Idle::Session)?;
    let with_stream = idle("idle session with its GET stream, KiB", Idle::SessionWithStream)?;
    idle("idle connection of 2026-07-28, KiB", Idle::Connection)?;
    idle("listen stream of 2026-07-28, KiB", Idle::ListenStream)?;
    let deleted = plan.deleted(&stateful)?;
    let after_delete: Vec<f64> = deleted.iter().map(|deleted| deleted.after_delete).collect();
    let again: Vec<f64> = deleted.iter().map(|deleted| deleted.opened_again).collect();
    table.row("1,000 sessions deleted / before", kept.with_ratios(&after_delete));
    table.row("1,000 sessions opened again / the first", kept.with_ratios(&again));
    println!("Memory of the server\n{table}");

    let cpu = |name| figures.medians(name, |sample| sample.server_us);
    let to_rmcp = |name| ratio(&servers, &cpu(name), OURS, RMCP);
    let flat = |many, one| of(&servers, &cpu(many), OURS) / of(&servers, &cpu(one), OURS);
    let targets = [
        Target {
            what: "2025-11-25, echo, 32 connections / rmcp",
            limit: 0.30,
            got: to_rmcp(name::LEGACY),
        },
        Target {
            what: "2026-07-28, echo, 32 connections / rmcp",
            limit: 0.30,
            got: to_rmcp(name::MODERN),
        },
        Target {
            what: "2025-11-25, list of 100 / rmcp",
            limit: 0.25,
            got: to_rmcp(name::LEGACY_LIST),
        },
        Target {
            what: "2026-07-28, list of 100 / rmcp",
            limit: 0.25,
            got: to_rmcp(name::MODERN_LIST),
        },
        Target {
            what: "2025-11-25, echo, 500 tools / 1 tool",
            limit: 1.15,
            got: flat(name::LEGACY_MANY_TOOLS, name::LEGACY_ONE_TOOL),
        },
        Target {
            what: "2026-07-28, echo, 500 tools / 1 tool",
            limit: 1.15,
            got: flat(name::MODERN_MANY_TOOLS, name::MODERN_ONE_TOOL),
        },
        Target { what: "KiB of an idle session", limit: 1.0, got: session },
        Target {
            what: "KiB of an idle session with its GET stream",
            limit: 14.0,
            got: with_stream,
        },
        Target {
            what: "memory after 1,000 sessions were deleted / before",
            limit: 1.10,
            got: of(&stateful, &after_delete, OURS),
        },
    ];
    for target in &targets {
        println!("{target}");
    }
    println!("\nload average of the machine: {}", fs::read_to_string("/proc/loadavg")?.trim_end());
    let missed = targets.iter().any(|target| !target.got.is_nan() && !target.is_met());
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn servers(options: &Options) -> Result<Vec<Server>, Error> {
    let mut programs = packages::build("")?;
    if options.wants(RMCP) {
        programs.extend(packages::build("peers/rmcp")?);
    }
    let entries: [(&str, &str, &[&str]); 3] = [
        (FLOOR, "floor-http-server", &[]),
        (OURS, "bench-http-server", &[]),
        (RMCP, "rmcp-http-server", &[]),
    ];
    let mut servers = options.choose(&programs, &entries);
    servers.extend(options.more.iter().cloned());
    Ok(servers)
}
