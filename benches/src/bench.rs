//! A bench: a name, and the function that measures its tables. Every bench has a program of its
//! own, which is one line: `mcp_benches::bench::main(&[...])`.

use std::process::ExitCode;

use crate::{
    Error, clients,
    context::Context,
    flows, footprint, http, instructions,
    participants::OURS,
    process, protected, stdio,
    table::Table,
    targets::{self, Check},
    tasks,
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
pub const ALL: [Bench; 9] =
    [STDIO, HTTP, CLIENTS, FLOWS, TASKS, PROTECTED, PROCESS, FOOTPRINT, INSTRUCTIONS];

/// Servers over stdio.
pub const STDIO: Bench = Bench { name: stdio::servers::NAME, measure: stdio::servers::measure };
/// Servers over HTTP.
pub const HTTP: Bench = Bench { name: http::servers::NAME, measure: http::servers::measure };
/// Clients over stdio and HTTP.
pub const CLIENTS: Bench = Bench { name: clients::NAME, measure: clients::measure };
/// Exchanges of several messages.
pub const FLOWS: Bench = Bench { name: flows::NAME, measure: flows::measure };
/// Tasks and their stores.
pub const TASKS: Bench = Bench { name: tasks::NAME, measure: tasks::measure };
/// Access tokens and layers.
pub const PROTECTED: Bench = Bench { name: protected::NAME, measure: protected::measure };
/// Start and memory of server processes.
pub const PROCESS: Bench = Bench { name: process::NAME, measure: process::measure };
/// The cost of builds.
pub const FOOTPRINT: Bench = Bench { name: footprint::NAME, measure: footprint::measure };
/// Instructions per request.
pub const INSTRUCTIONS: Bench = Bench { name: instructions::NAME, measure: instructions::measure };

/// Runs one bench, and prints its tables and targets. The exit code is 1 if a target is missed.
#[expect(clippy::print_stdout, reason = "the program prints a report")]
pub fn main(bench: Bench) -> Result<ExitCode, Error> {
    let context = Context::from_arguments()?;
    let tables = (bench.measure)(&context)?;
    if tables.iter().all(|table| table.rows.is_empty()) {
        return Err("no row has been measured; the names of the rows are in RESULTS.md".into());
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_belongs_to_a_bench() {
        for target in targets::all() {
            assert!(ALL.iter().any(|bench| bench.name == target.bench), "{}", target.name);
        }
    }
}
