//! Runs a target without coverage feedback.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::mutator::Mutator;
use crate::random::Random;
use crate::targets::Target;

/// The outcome of a run.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Report {
    /// Number of executions.
    pub executions: u64,
    /// Duration of the slowest execution.
    pub slowest: Duration,
}

/// Runs a target on its seeds. Returns their number.
///
/// # Panics
/// If the target panics, or has no seeds.
pub fn check_seeds(target: &Target) -> usize {
    let seeds = seeds(target);
    for seed in &seeds {
        execute(target, seed);
    }
    seeds.len()
}

/// Runs a target on random mutations of its seeds, as long as `proceed` returns true for the number
/// of executions. The same `seed` gives the same inputs.
///
/// # Panics
/// If the target panics. The input is then in the panic message and in a file under
/// `fuzz/artifacts`.
pub fn mutate(target: &Target, seed: u64, mut proceed: impl FnMut(u64) -> bool) -> Report {
    let seeds = seeds(target);
    let mut mutator = Mutator::new(&seeds, target.dictionary, Random::new(seed));
    let mut report = Report::default();
    while proceed(report.executions) {
        let input = mutator.next_input();
        let start = Instant::now();
        execute(target, &input);
        report.slowest = report.slowest.max(start.elapsed());
        report.executions += 1;
    }
    report
}

/// Runs a target on one file, such as one that a failed run has left.
///
/// # Errors
/// If the file cannot be read.
///
/// # Panics
/// If the target panics.
pub fn replay(target: &Target, path: &Path) -> std::io::Result<()> {
    (target.run)(&fs::read(path)?);
    Ok(())
}

fn execute(target: &Target, input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.run)(input))) {
        let reason = (panic.downcast_ref::<String>().map(String::as_str))
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        let path = save(target, input);
        panic!(
            "target {}: {reason}\ninput: b\"{}\"\nsaved as {}",
            target.name,
            input.escape_ascii(),
            path.display()
        );
    }
}

/// Saves an input that made a target fail.
fn save(target: &Target, input: &[u8]) -> PathBuf {
    let folder = folder().join("artifacts").join(target.name);
    let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let path = folder.join(format!("crash-{hash:016x}"));
    // The panic message has the input too, so a failure to write the file loses nothing.
    let _ = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, input));
    path
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    read_folder(&folder().join("seeds").join(target.name), &mut seeds);
    for extra in target.extra_seeds {
        read_folder(&folder().join("..").join(extra), &mut seeds);
    }
    seeds
}

/// Reads the files of a folder and of those below it, in the order of their names.
fn read_folder(folder: &Path, files: &mut Vec<Vec<u8>>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry of the folder").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_folder(&path, files);
        } else {
            files.push(fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())));
        }
    }
}

/// The folder `fuzz`.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
