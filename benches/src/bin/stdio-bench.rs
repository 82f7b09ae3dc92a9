//! Compares stdio servers and clients: ours, those written with `rmcp`, and the practical limit.
//!
//! `cargo run --release -p mcp-benches --bin stdio-bench -- [--modern] [--rounds N] [--seconds S]
//! [--only NAME,NAME] [--server NAME=COMMAND]`
//!
//! It builds what it needs, takes a few minutes, and prints tables and the verdict on each target. CPU time per
//! request is the steady figure; rates and latencies depend on what else the machine does.
#![expect(clippy::print_stdout, reason = "the report is the product of this program")]

use std::{env, fs, process::ExitCode, time::Duration};

use mcp_benches::{
    Error,
    load::Sample,
    messages::Era,
    packages,
    report::{Table, Target, median},
    session::Server,
    suite::{Plan, name, workloads},
};

const FLOOR: &str = "floor";
const OURS: &str = "ours";
const RMCP: &str = "rmcp";
/// rmcp with its opt-in non-blocking pipes in place of the `stdio()` of its documentation.
const RMCP_PIPES: &str = "rmcp pipes";

fn main() -> Result<ExitCode, Error> {
    let options = Options::parse()?;
    let plan = &options.plan;
    let Field { servers, clients } = Field::build(&options)?;
    let workloads = workloads(plan.era);
    let loads = (plan.rounds * workloads.len() * servers.len()) as f64;
    eprintln!("loads, for about {:.0} s", 1.3 * loads * plan.time.as_secs_f64());
    let samples = plan.load(&workloads, &servers)?;
    let rows = workloads.iter().map(|workload| workload.name).zip(samples).collect();
    let figures = Figures { servers: &servers, rows };
    println!("Server CPU µs per request\n{}", figures.table(|sample| sample.server_us));
    println!("Requests per second\n{}", figures.table(|sample| sample.per_second));
    println!("Median latency, µs\n{}", figures.table(|sample| sample.p50_us));
    println!("99th percentile of latency, µs\n{}", figures.table(|sample| sample.p99_us));
    println!("Bytes of an answer\n{}", figures.table(|sample| sample.answer_bytes));
    println!("CPU µs per request of the load generator\n{}", figures.table(|sample| sample.generator_us));

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
        client_ratio = ratio(&clients, &used.iter().map(|loads| loads[1]).collect::<Vec<_>>(), OURS, RMCP);
    }

    let cpu = |name| ratio(&servers, &figures.medians(name, |sample| sample.server_us), OURS, RMCP);
    let ours = |name| {
        let place = servers.iter().position(|server| server.name == OURS);
        place.map_or(f64::NAN, |place| figures.medians(name, |sample| sample.server_us)[place])
    };
    let targets = [
        Target { what: "server CPU, echo, 64 in flight / rmcp", limit: 0.05, got: cpu(name::IN_FLIGHT) },
        Target { what: "server CPU, echo, one at a time / rmcp", limit: 0.30, got: cpu(name::ONE) },
        Target { what: "server CPU, tools/list of 100 / rmcp", limit: 0.25, got: cpu(name::LIST) },
        Target { what: "server CPU, echo of 1 MiB / rmcp", limit: 0.40, got: cpu(name::MEBIBYTE) },
        Target { what: "start to first answer / rmcp", limit: 1.0, got: ratio(&servers, &start, OURS, RMCP) },
        Target { what: "idle memory / rmcp", limit: 0.7, got: ratio(&servers, &memory, OURS, RMCP) },
        Target {
            what: "server CPU, echo, 500 tools / 1 tool",
            limit: 1.15,
            got: ours(name::MANY_TOOLS) / ours(name::ONE_TOOL),
        },
        Target { what: "client CPU, echo, 64 in flight / rmcp", limit: 0.30, got: client_ratio },
    ];
    for target in &targets {
        println!("{target}");
    }
    println!("\nload average of the machine: {}", fs::read_to_string("/proc/loadavg")?.trim_end());
    let missed = targets.iter().any(|target| !target.got.is_nan() && !target.is_met());
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What to run.
struct Options {
    plan: Plan,
    only: Option<Vec<String>>,
    more: Vec<Server>,
}

impl Options {
    fn parse() -> Result<Options, Error> {
        let plan = Plan { era: Era::Legacy, rounds: 4, time: Duration::from_millis(700) };
        let mut options = Options { plan, only: None, more: vec![] };
        let mut arguments = env::args().skip(1);
        while let Some(option) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{option} wants a value"));
            match option.as_str() {
                "--modern" => options.plan.era = Era::Modern,
                "--rounds" => options.plan.rounds = value()?.parse::<usize>()?.clamp(1, 100),
                "--seconds" => {
                    options.plan.time = Duration::from_secs_f64(value()?.parse::<f64>()?.clamp(0.01, 60.0));
                }
                "--only" => options.only = Some(value()?.split(',').map(str::to_owned).collect()),
                "--server" => {
                    let value = value()?;
                    let (name, command) = value.split_once('=').ok_or("--server wants NAME=COMMAND")?;
                    let command = command.split_whitespace().map(str::to_owned).collect();
                    options.more.push(Server { name: name.to_owned(), command });
                }
                _ => return Err(format!("unknown option {option}").into()),
            }
        }
        Ok(options)
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|wanted| wanted == name))
    }
}

/// All who take part.
struct Field {
    servers: Vec<Server>,
    clients: Vec<Server>,
}

impl Field {
    fn build(options: &Options) -> Result<Field, Error> {
        let mut programs = packages::build("")?;
        if options.wants(RMCP) || options.wants(RMCP_PIPES) {
            programs.extend(packages::build("peers/rmcp")?);
        }
        // What is not there yet, or not wanted, does not take part.
        let choose = |entries: &[(&str, &str, &[&str])]| -> Vec<Server> {
            let wanted = entries.iter().filter(|(name, ..)| options.wants(name));
            let found = wanted.filter_map(|&(name, program, flags)| {
                let program = packages::find(&programs, program)?;
                let command =
                    [program].into_iter().chain(flags.iter().map(|&flag| flag.to_owned())).collect();
                Some(Server { name: name.to_owned(), command })
            });
            found.collect()
        };
        let mut servers = choose(&[
            (FLOOR, "floor-stdio-server", &[]),
            (OURS, "bench-stdio-server", &[]),
            (RMCP, "rmcp-stdio-server", &[]),
            (RMCP_PIPES, "rmcp-stdio-server", &["--pipes"]),
        ]);
        servers.extend(options.more.iter().cloned());
        let clients = choose(&[(OURS, "bench-stdio-client", &[]), (RMCP, "rmcp-stdio-client", &[])]);
        Ok(Field { servers, clients })
    }
}

/// The samples of all workloads.
struct Figures<'a> {
    servers: &'a [Server],
    rows: Vec<(&'static str, Vec<Vec<Sample>>)>,
}

impl Figures<'_> {
    fn head(&self) -> Vec<&str> {
        let names = self.servers.iter().map(|server| server.name.as_str());
        ["workload"].into_iter().chain(names).chain(["ours/rmcp", "ours/rmcp pipes"]).collect()
    }

    fn table(&self, figure: impl Fn(&Sample) -> f64 + Copy) -> Table {
        let mut table = Table::new(self.head());
        for (name, _) in &self.rows {
            table.row(*name, self.with_ratios(&self.medians(name, figure)));
        }
        table
    }

    fn medians(&self, name: &str, figure: impl Fn(&Sample) -> f64 + Copy) -> Vec<f64> {
        let row = self.rows.iter().find(|(row, _)| *row == name);
        let samples = row.map(|(_, samples)| samples.as_slice()).unwrap_or_default();
        samples.iter().map(|samples| median(samples.iter().map(figure))).collect()
    }

    fn with_ratios(&self, figures: &[f64]) -> Vec<f64> {
        let ratios = [RMCP, RMCP_PIPES].map(|peer| ratio(self.servers, figures, OURS, peer));
        figures.iter().copied().chain(ratios).collect()
    }
}

/// The figure of one by that of another; NaN when either did not take part.
fn ratio(field: &[Server], figures: &[f64], one: &str, other: &str) -> f64 {
    let of = |name: &str| {
        let place = field.iter().position(|server| server.name == name);
        place.and_then(|place| figures.get(place)).copied().unwrap_or(f64::NAN)
    };
    of(one) / of(other)
}
