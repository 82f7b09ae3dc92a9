//! Compares stdio servers and clients: those written with this SDK, those written with `rmcp`, and
//! the practical lower limit.
//!
//! `cargo run --release -p mcp-benches --bin stdio-bench -- [--modern] [--rounds N] [--seconds S]
//! [--only NAME,NAME] [--workload TEXT] [--server NAME=COMMAND]`
//!
//! It builds the programs, runs for a few minutes, and prints tables and targets. CPU time per
//! request is the reliable figure; rates and latencies depend on the load of the machine.
#![expect(clippy::print_stdout, reason = "the program prints a report")]

use std::{fs, process::ExitCode};

use mcp_benches::{
    Error,
    figures::{self, Figures, ratio},
    messages::Era,
    options::Options,
    packages,
    report::{Table, Target},
    session::Server,
    suite::{Plan, name, workloads},
};

const FLOOR: &str = "floor";
const OURS: &str = "ours";
const RMCP: &str = "rmcp";
/// rmcp with its opt-in non-blocking pipes instead of the documented `stdio()`.
const RMCP_PIPES: &str = "rmcp pipes";

fn main() -> Result<ExitCode, Error> {
    let options = Options::parse()?;
    let era = if options.modern { Era::Modern } else { Era::Legacy };
    let plan = Plan { era, rounds: options.rounds, time: options.time };
    let Participants { servers, clients } = Participants::build(&options)?;
    let mut workloads = workloads(plan.era);
    workloads.retain(|load| {
        options.workload.as_ref().is_none_or(|text| load.name.contains(text.as_str()))
    });
    let loads = (plan.rounds * workloads.len() * servers.len()) as f64;
    eprintln!("loads, for about {:.0} s", 1.3 * loads * plan.time.as_secs_f64());
    let samples = plan.load(&workloads, &servers)?;
    let rows = workloads.iter().map(|workload| workload.name).zip(samples).collect();
    let figures = Figures { servers: &servers, rows, ratios: &[(OURS, RMCP), (OURS, RMCP_PIPES)] };
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
        // A part of the workloads serves to analyse a cost. Targets need all of them.
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("start, idle memory");
    let start = plan.start(&servers)?;
    let memory = plan.idle_memory(&servers)?;
    let mut table = Table::new(figures.head());
    table.row("start to first answer, ms", figures.with_ratios(&start));
    table.row("idle memory, KiB", figures.with_ratios(&memory));
    println!("Process\n{table}");

    let mut client_ratio = f64::NAN;
    if let Some(floor) = servers.iter().find(|server| server.name == FLOOR)
        && !clients.is_empty()
    {
        eprintln!("clients");
        let used = plan.clients(&clients, floor)?;
        let mut table = Table::new(["client", "one at a time", "64 in flight"]);
        for (client, loads) in clients.iter().zip(&used) {
            table.row(&client.name, *loads);
        }
        println!("Client CPU µs per call, against the floor server\n{table}");
        client_ratio =
            ratio(&clients, &used.iter().map(|loads| loads[1]).collect::<Vec<_>>(), OURS, RMCP);
    }

    let cpu = |name| ratio(&servers, &figures.medians(name, |sample| sample.server_us), OURS, RMCP);
    let ours =
        |name| figures::of(&servers, &figures.medians(name, |sample| sample.server_us), OURS);
    let targets = [
        Target {
            what: "server CPU, echo, 64 in flight / rmcp",
            limit: 0.05,
            measured: cpu(name::IN_FLIGHT),
        },
        Target {
            what: "server CPU, echo, one at a time / rmcp",
            limit: 0.30,
            measured: cpu(name::ONE),
        },
        Target {
            what: "server CPU, tools/list of 100 / rmcp",
            limit: 0.25,
            measured: cpu(name::LIST),
        },
        Target {
            what: "server CPU, echo of 1 MiB / rmcp",
            limit: 0.40,
            measured: cpu(name::MEBIBYTE),
        },
        Target {
            what: "start to first answer / rmcp",
            limit: 1.0,
            measured: ratio(&servers, &start, OURS, RMCP),
        },
        Target {
            what: "idle memory / rmcp",
            limit: 0.7,
            measured: ratio(&servers, &memory, OURS, RMCP),
        },
        Target {
            what: "server CPU, echo, 500 tools / 1 tool",
            limit: 1.15,
            measured: ours(name::MANY_TOOLS) / ours(name::ONE_TOOL),
        },
        Target {
            what: "client CPU, echo, 64 in flight / rmcp",
            limit: 0.30,
            measured: client_ratio,
        },
    ];
    for target in &targets {
        println!("{target}");
    }
    println!("\nload average of the machine: {}", fs::read_to_string("/proc/loadavg")?.trim_end());
    let missed = targets.iter().any(|target| !target.measured.is_nan() && !target.is_met());
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The participants.
struct Participants {
    servers: Vec<Server>,
    clients: Vec<Server>,
}

impl Participants {
    fn build(options: &Options) -> Result<Participants, Error> {
        let mut programs = packages::build("")?;
        if options.includes(RMCP) || options.includes(RMCP_PIPES) {
            programs.extend(packages::build("peers/rmcp")?);
        }
        let mut servers = options.choose(
            &programs,
            &[
                (FLOOR, "floor-stdio-server", &[]),
                (OURS, "bench-stdio-server", &[]),
                (RMCP, "rmcp-stdio-server", &[]),
                (RMCP_PIPES, "rmcp-stdio-server", &["--pipes"]),
            ],
        );
        servers.extend(options.more.iter().cloned());
        let clients = options.choose(
            &programs,
            &[(OURS, "bench-stdio-client", &[]), (RMCP, "rmcp-stdio-client", &[])],
        );
        Ok(Participants { servers, clients })
    }
}
