//! Compares what a minimal stdio server costs to build: ours and one written with `rmcp`.
//!
//! `cargo run --release -p mcp-benches --bin footprint [-- --crates-only]`
//!
//! Counts crates, then builds each from nothing with two jobs and takes the CPU time of all
//! compilers. The builds go to a directory below the target directory, which is removed again.
#![expect(clippy::print_stdout, reason = "the report is the product of this program")]

use std::{env, fs, process::ExitCode};

use mcp_benches::{
    Error, packages,
    report::{Table, Target},
};

const OURS: &str = "peers/hello-ours";
const RMCP: &str = "peers/hello-rmcp";

fn main() -> Result<ExitCode, Error> {
    seed_lock_file()?;
    let crates = [packages::crates(OURS)? as f64, packages::crates(RMCP)? as f64];
    let mut table = Table::new(["minimal stdio server", "ours", "rmcp", "ours/rmcp"]);
    table.row("crates, normal and build", with_ratio(crates));
    let mut targets =
        vec![Target { what: "crates of a stdio server", limit: 60.0, got: crates[0] }];
    if !env::args().any(|argument| argument == "--crates-only") {
        let ours = packages::build_cleanly(OURS, "hello-ours")?;
        let rmcp = packages::build_cleanly(RMCP, "hello-rmcp")?;
        let cpu = [ours.cpu.as_secs_f64(), rmcp.cpu.as_secs_f64()];
        table.row("clean release build, CPU s", with_ratio(cpu));
        table.row("stripped program, KiB", with_ratio([ours.program_kib, rmcp.program_kib]));
        targets.push(Target {
            what: "CPU of a clean release build / rmcp",
            limit: 0.8,
            got: cpu[0] / cpu[1],
        });
    }
    println!("{table}");
    for target in &targets {
        println!("{target}");
    }
    Ok(if targets.iter().all(Target::is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Our hello takes the versions which the workspace has locked; its own lock file is not kept in
/// the tree.
fn seed_lock_file() -> Result<(), Error> {
    let benches = packages::manifest("");
    let root = benches.ancestors().nth(2).ok_or("the benches lie in no workspace")?;
    fs::copy(root.join("Cargo.lock"), packages::manifest(OURS).with_file_name("Cargo.lock"))?;
    Ok(())
}

fn with_ratio([ours, rmcp]: [f64; 2]) -> [f64; 3] {
    [ours, rmcp, ours / rmcp]
}
