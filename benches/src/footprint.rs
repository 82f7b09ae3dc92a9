//! `footprint`: the cost of building servers, with the default release profile and two jobs.
//!
//! The packages in `benches/peers` are a minimal stdio server, an HTTP server with six tools, and a
//! minimal protected server, whose crates are counted. A clean build compiles everything; the last
//! step compiles and links only the user's own crate, which is what a user waits for after each
//! change. The builds use a subdirectory of the target directory, which is removed afterwards.

use std::{fs, fs::File, time::SystemTime};

use crate::{
    Error,
    context::Context,
    packages::{self, CleanDirectory},
    participants::{OURS, RATIOS, RMCP},
    table::Table,
};

/// The name of the bench and its program.
pub const NAME: &str = "footprint";

/// The key of the table.
pub const KEY: &str = "footprint";

/// Names of rows.
pub mod row {
    /// Number of crates of the stdio server.
    pub const CRATES: &str = "stdio server: crates";
    /// Number of crates that protection adds to an HTTP server.
    pub const PROTECTED: &str = "protected HTTP server: crates beyond those of an HTTP server";
    /// CPU time of a clean build of the stdio server.
    pub const CLEAN: &str = "stdio server: clean release build, CPU s";
    /// Size of the program.
    pub const SIZE: &str = "stdio server: stripped program, KiB";
    /// CPU time of the last step of the HTTP server.
    pub const LAST_STEP: &str = "HTTP server with six tools: its own crate, CPU s";
    /// CPU time of a clean build of the HTTP server.
    pub const HTTP_CLEAN: &str = "HTTP server with six tools: clean release build, CPU s";
}

/// The packages of a participant.
struct Packages {
    stdio: &'static str,
    http: &'static str,
    /// `None` if the participant does not protect servers.
    protected: Option<&'static str>,
}

const PACKAGES: [(&str, Packages); 2] = [
    (
        OURS,
        Packages { stdio: "hello-ours", http: "orders-ours", protected: Some("protected-ours") },
    ),
    (RMCP, Packages { stdio: "hello-rmcp", http: "orders-rmcp", protected: None }),
];

/// Measures the figures of some rows.
type Measure = fn(&Packages) -> Result<Vec<f64>, Error>;

const NOTE: &str = "Users do not depend on the floor, so its build is not compared. rmcp does not \
     protect servers.";

/// Measures the builds.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    let options = &context.options;
    let included: Vec<_> = PACKAGES.iter().filter(|(name, _)| options.includes(name)).collect();
    let names: Vec<&str> = included.iter().map(|(name, _)| *name).collect();
    let mut table = Table::new(KEY, "Builds", &names).ratios(&RATIOS).notes(&[NOTE]);
    seed_lock_files()?;
    let groups: [(&[&str], Measure); 4] = [
        (&[row::CRATES], crates),
        (&[row::PROTECTED], protected_crates),
        (&[row::CLEAN, row::SIZE], stdio_server),
        (&[row::HTTP_CLEAN, row::LAST_STEP], http_server),
    ];
    for (rows, figures) in groups {
        if !rows.iter().any(|row| options.includes_row(row)) {
            continue;
        }
        let figures: Vec<Option<Vec<f64>>> = included
            .iter()
            .map(|(_, packages)| {
                let figures = figures(packages);
                figures.inspect_err(|error| eprintln!("failed: {error}")).ok()
            })
            .collect();
        for (index, row) in rows.iter().enumerate() {
            table.row(*row, figures.iter().map(|figures| Some(figures.as_ref()?[index])));
        }
    }
    Ok(vec![table])
}

fn crates(packages: &Packages) -> Result<Vec<f64>, Error> {
    Ok(vec![packages::crates(&peer(packages.stdio))? as f64])
}

fn protected_crates(packages: &Packages) -> Result<Vec<f64>, Error> {
    let Some(protected) = packages.protected else { return Ok(vec![f64::NAN]) };
    let [with, without] =
        [protected, packages.http].map(|package| packages::crates(&peer(package)));
    Ok(vec![with? as f64 - without? as f64])
}

fn stdio_server(packages: &Packages) -> Result<Vec<f64>, Error> {
    eprintln!("building {}", packages.stdio);
    let cost = CleanDirectory::new(packages.stdio)?.build(&peer(packages.stdio), packages.stdio)?;
    Ok(vec![cost.cpu.as_secs_f64(), cost.program_kib])
}

fn http_server(packages: &Packages) -> Result<Vec<f64>, Error> {
    eprintln!("building {}", packages.http);
    let (package, directory) = (peer(packages.http), CleanDirectory::new(packages.http)?);
    let clean = directory.build(&package, packages.http)?;
    let main = packages::manifest(&package).with_file_name("src").join("main.rs");
    File::options().append(true).open(main)?.set_modified(SystemTime::now())?;
    let last_step = directory.build(&package, packages.http)?;
    Ok(vec![clean.cpu.as_secs_f64(), last_step.cpu.as_secs_f64()])
}

/// Returns the path of a package in `benches`.
fn peer(package: &str) -> String {
    format!("peers/{package}")
}

/// Copies the lock file of the workspace to our packages, so that they use the same versions. Their
/// own lock files are not in the repository.
fn seed_lock_files() -> Result<(), Error> {
    let benches = packages::manifest("");
    let root = benches.ancestors().nth(2).ok_or("the benches are not in a workspace")?;
    let (_, ours) = &PACKAGES[0];
    for package in [ours.stdio, ours.http].into_iter().chain(ours.protected) {
        let lock = packages::manifest(&peer(package)).with_file_name("Cargo.lock");
        fs::copy(root.join("Cargo.lock"), lock)?;
    }
    Ok(())
}
