//! Compares clients over Streamable HTTP, on both eras, against the floor server: ours, one written
//! with `rmcp`, and the load generator, which is what a client costs at least.
//!
//! `cargo run --release -p mcp-benches --bin http-client-bench -- [--rounds N] [--seconds S] [--only NAME,NAME]`
//!
//! CPU time per call of the client's process is the figure; a call is `echo` of a few bytes.
#![expect(clippy::print_stdout, reason = "the report is the product of this program")]

use std::{fs, process::ExitCode};

use mcp_benches::{
    Error,
    figures::ratio,
    http::suite::Plan,
    messages::Era,
    options::Options,
    packages,
    report::{Table, Target},
    session::Server,
};

const OURS: &str = "ours";
const RMCP: &str = "rmcp";

fn main() -> Result<ExitCode, Error> {
    let options = Options::parse()?;
    let (floor, clients) = field(&options)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let plan = Plan { rounds: options.rounds, time: options.time, runtime };
    let mut targets = vec![];
    for (era, revision) in [(Era::Legacy, "2025-11-25"), (Era::Modern, "2026-07-28")] {
        let used = plan.clients(&clients, &floor, era)?;
        let mut table = Table::new([revision, "one at a time", "32 in flight", "64 in flight"]);
        table.row("load generator", plan.generator(&floor, era)?);
        for (client, loads) in clients.iter().zip(&used) {
            table.row(&client.name, *loads);
        }
        let to_rmcp = [0, 1, 2].map(|load| {
            ratio(&clients, &used.iter().map(|loads| loads[load]).collect::<Vec<_>>(), OURS, RMCP)
        });
        table.row("ours/rmcp", to_rmcp);
        println!("Client CPU µs per call\n{table}");
        let what = match era {
            Era::Legacy => [
                "2025-11-25, one at a time",
                "2025-11-25, 32 in flight",
                "2025-11-25, 64 in flight",
            ],
            Era::Modern => [
                "2026-07-28, one at a time",
                "2026-07-28, 32 in flight",
                "2026-07-28, 64 in flight",
            ],
        };
        targets.extend([0, 1, 2].map(|load| Target {
            what: what[load],
            limit: 0.30,
            got: to_rmcp[load],
        }));
    }
    for target in &targets {
        println!("{target}");
    }
    println!("\nload average of the machine: {}", fs::read_to_string("/proc/loadavg")?.trim_end());
    let missed = targets.iter().any(|target| !target.got.is_nan() && !target.is_met());
    Ok(if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The server, and the clients.
fn field(options: &Options) -> Result<(Server, Vec<Server>), Error> {
    let mut programs = packages::build("")?;
    if options.wants(RMCP) {
        programs.extend(packages::build("peers/rmcp")?);
    }
    let floor =
        packages::find(&programs, "floor-http-server").ok_or("the floor server was not built")?;
    let entries: [(&str, &str, &[&str]); 2] =
        [(OURS, "bench-http-client", &[]), (RMCP, "rmcp-http-client", &[])];
    let floor = Server { name: "floor".to_owned(), command: vec![floor] };
    Ok((floor, options.choose(&programs, &entries)))
}
