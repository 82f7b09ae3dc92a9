//! `results`: runs the benches, and writes their tables, targets and charts to `benches/RESULTS.md`
//! and `benches/results`, and the commands of the targets to `benches/README.md`.
//!
//! Tables of benches that are not run are kept, in `figures.json`.

use std::{fs, io::ErrorKind, path::PathBuf, process::ExitCode};

use crate::{
    Error,
    bench::{self, Bench},
    charts,
    context::Context,
    document,
    machine::Machine,
    measured::Measured,
    packages,
    table::Table,
    targets,
};

/// Runs the chosen benches and writes the results. The exit code is 1 if a bench fails or a target
/// is missed.
#[expect(clippy::print_stdout, reason = "the program prints a report")]
pub fn main() -> Result<ExitCode, Error> {
    let context = Context::from_arguments()?;
    let options = &context.options;
    if !options.is_complete() {
        return Err("results measures whole benches: use --bench NAME to choose among them".into());
    }
    if let Some(unknown) =
        options.benches.iter().find(|name| !bench::ALL.iter().any(|bench| bench.name == **name))
    {
        return Err(format!("unknown bench {unknown}").into());
    }
    let mut results = read()?;
    let mut failed = false;
    let chosen = |bench: &&Bench| !options.render && options.includes_bench(bench.name);
    for bench in bench::ALL.iter().filter(chosen) {
        eprintln!("== {}", bench.name);
        match (bench.measure)(&context) {
            Ok(tables) => {
                let machine = Machine::now();
                let measured = Measured { bench: bench.name.to_owned(), machine, tables };
                match results.iter_mut().find(|earlier| earlier.bench == bench.name) {
                    Some(earlier) => *earlier = measured,
                    None => results.push(measured),
                }
                // After each bench, so that nothing is lost if a later one is interrupted.
                write(&results)?;
            }
            Err(error) => {
                eprintln!("{} failed, and its earlier figures are kept: {error}", bench.name);
                failed = true;
            }
        }
    }
    write(&results)?;
    let tables: Vec<Table> = results.iter().flat_map(|measured| measured.tables.clone()).collect();
    let checks = targets::check(&tables);
    println!("{}", targets::markdown(&checks));
    let missed = checks.iter().any(|check| !check.is_met());
    Ok(if failed || missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn path(name: &str) -> PathBuf {
    packages::manifest("").with_file_name(name)
}

fn read() -> Result<Vec<Measured>, Error> {
    match fs::read_to_string(path("results/figures.json")) {
        Ok(text) => Ok(serde_json::from_str(&text)?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(vec![]),
        Err(error) => Err(error.into()),
    }
}

fn write(results: &[Measured]) -> Result<(), Error> {
    fs::create_dir_all(path("results"))?;
    let figures = serde_json::to_string_pretty(results)? + "\n";
    fs::write(path("results/figures.json"), figures)?;
    let tables: Vec<Table> = results.iter().flat_map(|measured| measured.tables.clone()).collect();
    for (name, chart) in charts::all(&tables) {
        fs::write(path("results").join(name), chart.svg())?;
    }
    let document = fs::read_to_string(path("RESULTS.md"))?;
    fs::write(path("RESULTS.md"), document::update_results(&document, results)?)?;
    let readme = fs::read_to_string(path("README.md"))?;
    fs::write(path("README.md"), document::update_readme(&readme)?)?;
    Ok(())
}
