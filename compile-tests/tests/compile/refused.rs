//! The refused programs: each file below `refused/` must not compile, and the compiler must print
//! the content of its `.stderr` file. `BLESS=1` rewrites those files; review the difference then.
//!
//! The expected outputs are those of one version of the compiler, which `.github/workflows/ci.yml`
//! names.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crate::normalize::normalize;

/// A difference from the expected output.
type Mismatch = String;

#[test]
fn a_refused_program_has_exactly_its_expected_output() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("refused");
    let (programs, outputs) = files_below(&folder);
    assert!(!programs.is_empty(), "no programs in {}", folder.display());

    let bless = std::env::var_os("BLESS").is_some();
    let mut mismatches = check_all(root, &programs, bless);
    mismatches.extend(
        outputs
            .iter()
            .filter(|text| !programs.contains(&text.with_extension("rs")))
            .map(|text| format!("{} has no program: delete it", text.display())),
    );
    assert!(
        mismatches.is_empty(),
        "{}\n\n{} of {} programs failed with {}; if the new outputs are correct, run `cargo xtask bless compile-fail`",
        mismatches.join("\n\n"),
        mismatches.len(),
        programs.len(),
        compiler_version(),
    );
}

/// Returns the programs (`.rs`) and the expected outputs (`.stderr`) below `folder`.
fn files_below(folder: &Path) -> (BTreeSet<PathBuf>, BTreeSet<PathBuf>) {
    let (mut programs, mut outputs) = (BTreeSet::new(), BTreeSet::new());
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                None if path.is_dir() => folders.push(path),
                Some("rs") => drop(programs.insert(path)),
                Some("stderr") => drop(outputs.insert(path)),
                _ => panic!("{} is neither a program nor an expected output", path.display()),
            }
        }
    }
    (programs, outputs)
}

/// Checks the programs on all processors, and returns the mismatches in the order of the programs.
fn check_all(root: &Path, programs: &BTreeSet<PathBuf>, bless: bool) -> Vec<Mismatch> {
    let programs: Vec<_> = programs.iter().collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut mismatches = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(program) = programs.get(index) else { return mismatches };
            if let Err(mismatch) = check(root, program, bless) {
                mismatches.push((index, mismatch));
            }
        }
    };
    let mut mismatches: Vec<_> = thread::scope(|scope| {
        let processors = thread::available_parallelism().map_or(1, Into::into);
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    mismatches.sort();
    mismatches.into_iter().map(|(_, mismatch)| mismatch).collect()
}

fn check(root: &Path, program: &Path, bless: bool) -> Result<(), Mismatch> {
    let name = program.strip_prefix(root).unwrap();
    let output = rustc(root, name);
    let printed = normalize(&String::from_utf8_lossy(&output.stderr), name, root);
    if output.status.success() {
        return Err(format!("{} compiles, but must not:\n{printed}", name.display()));
    }

    let expectation = program.with_extension("stderr");
    let expected = fs::read_to_string(&expectation).unwrap_or_default().replace("\r\n", "\n");
    if printed == expected {
        return Ok(());
    }
    if bless {
        fs::write(&expectation, printed).unwrap();
        return Ok(());
    }
    Err(format!("{}\nexpected:\n{expected}\nprinted:\n{printed}", name.display()))
}

/// Compiles a program without generating machine code.
fn rustc(root: &Path, program: &Path) -> std::process::Output {
    let (compiler, dependencies) = mcp_rustc_command::rustc_command!();
    Command::new(compiler)
        // The sources of the workspace are recorded relative to its root.
        .current_dir(root)
        .args(["--edition=2024", "--crate-type=bin", "--emit=metadata"])
        .args(["--color=never", "--diagnostic-width=140"])
        .args(["--out-dir", env!("CARGO_TARGET_TMPDIR")])
        .args(dependencies)
        .arg(program)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot run {compiler}: {error}"))
}

fn compiler_version() -> String {
    let (compiler, _) = mcp_rustc_command::rustc_command!();
    let output = Command::new(compiler).arg("--version").output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
