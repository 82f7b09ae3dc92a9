//! A bench: a name, and the function that measures its tables. Every bench has a program of its
//! own, which is one line: `mcp_benches::bench::main(&[...])`.

use std::{cell::OnceCell, process::ExitCode};

use tokio::runtime::Runtime;

use crate::{
    Error,
    options::Options,
    participants::{OURS, Programs},
    table::Table,
    targets::{self, Check},
};

/// A bench.
#[derive(Clone, Copy, Debug)]
pub struct Bench {
    /// The name of its program.
    pub name: &'static str,
    /// Measures its tables.
    pub measure: fn(&Context) -> Result<Vec<Table>, Error>,
}

/// All benches, in the order of the results.
pub const ALL: [Bench; 7] = [STDIO, HTTP, CLIENTS, FLOWS, PROCESS, FOOTPRINT, INSTRUCTIONS];

/// Servers over stdio.
pub const STDIO: Bench = Bench { name: "stdio-bench", measure: crate::stdio::servers::measure };
/// Servers over HTTP.
pub const HTTP: Bench = Bench { name: "http-bench", measure: crate::http::servers::measure };
/// Clients over stdio and HTTP.
pub const CLIENTS: Bench = Bench { name: "client-bench", measure: crate::clients::measure };
/// Exchanges of several messages.
pub const FLOWS: Bench = Bench { name: "flow-bench", measure: crate::flows::measure };
/// Start and memory of server processes.
pub const PROCESS: Bench = Bench { name: "process-bench", measure: crate::process::measure };
/// The cost of builds.
pub const FOOTPRINT: Bench = Bench { name: "footprint", measure: crate::footprint::measure };
/// Instructions per request.
pub const INSTRUCTIONS: Bench =
    Bench { name: "instructions", measure: crate::instructions::measure };

/// What the benches of one run share.
#[derive(Debug)]
pub struct Context {
    /// The command line.
    pub options: Options,
    /// The runtime of the load generator.
    pub runtime: Runtime,
    programs: OnceCell<Programs>,
}

impl Context {
    /// Creates it from the command line of this process.
    pub fn from_arguments() -> Result<Context, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Context { options: Options::from_arguments()?, runtime, programs: OnceCell::new() })
    }

    /// Returns the programs to measure. The first call builds them.
    pub fn programs(&self) -> Result<&Programs, Error> {
        if let Some(programs) = self.programs.get() {
            return Ok(programs);
        }
        let programs = Programs::build(&self.options)?;
        Ok(self.programs.get_or_init(|| programs))
    }
}

/// Runs one bench, and prints its tables and targets. The exit code is 1 if a target is missed.
#[expect(clippy::print_stdout, reason = "the program prints a report")]
pub fn main(bench: Bench) -> Result<ExitCode, Error> {
    let context = Context::from_arguments()?;
    let tables = (bench.measure)(&context)?;
    for table in tables.iter().filter(|table| !table.rows.is_empty()) {
        println!("{table}");
    }
    let checks: Vec<_> = targets::check(&tables)
        .into_iter()
        .filter(|check| check.target.bench == bench.name)
        // A part of the rows or participants is measured to analyse them.
        .filter(|check| check.measured.is_some() || context.options.is_complete())
        .collect();
    if !checks.is_empty() {
        println!("{}", targets::markdown(&checks));
    }
    let gaps = gaps(&tables);
    for gap in &gaps {
        println!("{OURS} has no figure in {gap}");
    }
    let is_success = gaps.is_empty() && checks.iter().all(Check::is_met);
    Ok(if is_success { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the rows in which this SDK has no figure, although its column is there: it failed.
pub fn gaps(tables: &[Table]) -> Vec<String> {
    let tables = tables.iter().filter(|table| table.columns.iter().any(|column| column == OURS));
    let rows = tables.flat_map(|table| table.rows.iter().map(move |row| (table, &row.name)));
    rows.filter(|(table, row)| table.figure(row, OURS).is_none())
        .map(|(table, row)| format!("{}, {row}", table.title))
        .collect()
}
