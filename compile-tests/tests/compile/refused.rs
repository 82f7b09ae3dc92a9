//! The refused programs: each file below `refused/` must not compile, and the compiler must print
//! what the `.stderr` file beside it says. `BLESS=1` rewrites those files; then read the
//! difference.
//!
//! The texts are those of one version of the compiler, which `.github/workflows/ci.yml` names.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use crate::normalize::normalize;

/// What differs from the expectation, for a person to read.
type Complaint = String;

#[test]
fn a_refused_program_gets_exactly_the_text_beside_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("refused");
    let (programs, texts) = files_below(&folder);
    assert!(!programs.is_empty(), "there is no program below {}", folder.display());

    let bless = std::env::var_os("BLESS").is_some();
    let mut complaints = check_all(root, &programs, bless);
    complaints.extend(
        texts
            .iter()
            .filter(|text| !programs.contains(&text.with_extension("rs")))
            .map(|text| format!("{} belongs to no program: delete it", text.display())),
    );
    assert!(
        complaints.is_empty(),
        "{}\n\n{} of {} programs failed with {}; if the new texts are right: `cargo xtask bless compile-fail`",
        complaints.join("\n\n"),
        complaints.len(),
        programs.len(),
        compiler_version(),
    );
}

/// The programs (`.rs`) and the expected texts (`.stderr`) below `folder`.
fn files_below(folder: &Path) -> (BTreeSet<PathBuf>, BTreeSet<PathBuf>) {
    let (mut programs, mut texts) = (BTreeSet::new(), BTreeSet::new());
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                None if path.is_dir() => folders.push(path),
                Some("rs") => drop(programs.insert(path)),
                Some("stderr") => drop(texts.insert(path)),
                _ => panic!("{} is neither a program nor an expected text", path.display()),
            }
        }
    }
    (programs, texts)
}

/// Checks the programs on all processors; the complaints come in the order of the programs.
fn check_all(root: &Path, programs: &BTreeSet<PathBuf>, bless: bool) -> Vec<Complaint> {
    let programs: Vec<_> = programs.iter().collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut complaints = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(program) = programs.get(index) else { return complaints };
            if let Err(complaint) = check(root, program, bless) {
                complaints.push((index, complaint));
            }
        }
    };
    let mut complaints: Vec<_> = thread::scope(|scope| {
        let processors = thread::available_parallelism().map_or(1, Into::into);
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    complaints.sort();
    complaints.into_iter().map(|(_, complaint)| complaint).collect()
}

fn check(root: &Path, program: &Path, bless: bool) -> Result<(), Complaint> {
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

/// Compiles one program up to the point where machine code would be made.
fn rustc(root: &Path, program: &Path) -> std::process::Output {
    let (compiler, dependencies) = mcp_rustc_command::rustc_command!();
    Command::new(compiler)
        // Sources of the workspace are recorded relative to its root, and are quoted from there.
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
