//! `footprint`: the cost of building servers, with the default release profile and two jobs.
//!
//! The packages in `benches/peers` are a minimal stdio server, and an HTTP server of 120 lines. A
//! clean build compiles everything; the last step compiles and links only the user's own crate,
//! which is what a user waits for after each change. The builds use a subdirectory of the target
//! directory, which is removed afterwards.

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
    /// CPU time of a clean build of the stdio server.
    pub const CLEAN: &str = "stdio server: clean release build, CPU s";
    /// Size of the program.
    pub const SIZE: &str = "stdio server: stripped program, KiB";
    /// CPU time of the last step of the HTTP server.
    pub const LAST_STEP: &str = "HTTP server of 120 lines: its own crate, CPU s";
    /// CPU time of a clean build of the HTTP server.
    pub const HTTP_CLEAN: &str = "HTTP server of 120 lines: clean release build, CPU s";
}

/// The packages of a participant.
struct Packages {
    stdio: &'static str,
    http: &'static str,
}

const PACKAGES: [(&str, Packages); 2] = [
    (OURS, Packages { stdio: "hello-ours", http: "orders-ours" }),
    (RMCP, Packages { stdio: "hello-rmcp", http: "orders-rmcp" }),
];

const NOTE: &str = "The floor is no package of a user, so its build is not compared.";

/// Measures the builds.
pub fn measure(context: &Context) -> Result<Vec<Table>, Error> {
    let options = &context.options;
    let included: Vec<_> = PACKAGES.iter().filter(|(name, _)| options.includes(name)).collect();
    let names: Vec<&str> = included.iter().map(|(name, _)| *name).collect();
    seed_lock_files()?;
    let mut table = Table::new(KEY, "Builds", &names).ratios(&RATIOS).notes(&[NOTE]);
    let mut add = |row: &str, figure: &mut dyn FnMut(&Packages) -> Result<f64, Error>| {
        if options.includes_row(row) {
            let figures: Result<Vec<f64>, Error> =
                included.iter().map(|(_, packages)| figure(packages)).collect();
            table.row(row, figures?.into_iter().map(Some));
        }
        Ok::<(), Error>(())
    };
    add(row::CRATES, &mut |packages| Ok(packages::crates(&peer(packages.stdio))? as f64))?;
    let mut sizes = vec![];
    add(row::CLEAN, &mut |packages| {
        eprintln!("building {}", packages.stdio);
        let cost =
            CleanDirectory::new(packages.stdio)?.build(&peer(packages.stdio), packages.stdio)?;
        sizes.push(cost.program_kib);
        Ok(cost.cpu.as_secs_f64())
    })?;
    let mut sizes = sizes.into_iter();
    if sizes.len() > 0 {
        add(row::SIZE, &mut |_| Ok(sizes.next().unwrap_or(f64::NAN)))?;
    }
    let mut last_steps = vec![];
    let clean = options.includes_row(row::HTTP_CLEAN) || options.includes_row(row::LAST_STEP);
    if clean {
        let mut builds = vec![];
        for (_, packages) in &included {
            eprintln!("building {}", packages.http);
            let (package, directory) = (peer(packages.http), CleanDirectory::new(packages.http)?);
            builds.push(directory.build(&package, packages.http)?.cpu.as_secs_f64());
            let main = packages::manifest(&package).with_file_name("src").join("main.rs");
            File::options().append(true).open(main)?.set_modified(SystemTime::now())?;
            last_steps.push(directory.build(&package, packages.http)?.cpu.as_secs_f64());
        }
        table.row(row::HTTP_CLEAN, builds.into_iter().map(Some));
        table.row(row::LAST_STEP, last_steps.into_iter().map(Some));
    }
    Ok(vec![table])
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
    for package in [ours.stdio, ours.http] {
        let lock = packages::manifest(&peer(package)).with_file_name("Cargo.lock");
        fs::copy(root.join("Cargo.lock"), lock)?;
    }
    Ok(())
}
