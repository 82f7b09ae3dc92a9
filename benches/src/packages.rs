//! Building the servers and clients with cargo, and counting what a package needs.

use std::{
    collections::BTreeSet,
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{Error, child::Guarded, cpu};

/// A cold build of a peer on one slow core takes minutes; more than this is a failure.
const LIMIT: Duration = Duration::from_secs(1800);

/// The manifest of a package below `benches/`: `""` is the benches' own, `"peers/rmcp"` a peer's.
pub fn manifest(package: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(package).join("Cargo.toml")
}

/// The target directory into which the running program was built.
pub fn target_directory() -> Result<PathBuf, Error> {
    let program = env::current_exe()?;
    Ok(program.ancestors().nth(2).ok_or("the program lies in no target directory")?.to_owned())
}

/// Build all binaries of a package in release mode, as far as they are not built. Returns their
/// paths.
pub fn build(package: &str) -> Result<Vec<PathBuf>, Error> {
    let mut cargo = cargo("build", &manifest(package));
    cargo.args(["--release", "--bins", "--message-format", "json-render-diagnostics"]);
    cargo.arg("--target-dir").arg(target_directory()?);
    let messages = output(&mut cargo)?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).collect())
}

/// The program of this name among those built.
pub fn find(programs: &[PathBuf], name: &str) -> Option<String> {
    let program =
        programs.iter().find(|program| program.file_name().is_some_and(|file| file == name))?;
    Some(program.to_string_lossy().into_owned())
}

/// How many crates a package compiles for the host, build scripts and macros included, itself not.
pub fn crates(package: &str) -> Result<usize, Error> {
    let mut cargo = cargo("tree", &manifest(package));
    cargo.args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    let tree = output(&mut cargo)?;
    let crates: BTreeSet<&str> =
        tree.lines().skip(1).map(|line| line.trim_end_matches(" (*)")).collect();
    Ok(crates.iter().filter(|line| !line.is_empty()).count())
}

/// What a clean release build cost.
#[derive(Clone, Copy, Debug)]
pub struct CleanBuild {
    /// CPU time of cargo and all compilers.
    pub cpu: Duration,
    /// Size of the program, in KiB.
    pub program_kib: f64,
}

/// Build a package with two jobs into an empty directory, which is removed afterwards.
pub fn build_cleanly(package: &str, program: &str) -> Result<CleanBuild, Error> {
    let directory = target_directory()?.join("clean").join(program);
    let _ = fs::remove_dir_all(&directory);
    output(cargo("fetch", &manifest(package)).arg("--quiet"))?;
    let before = cpu::of_ended_children()?;
    let mut cargo = cargo("build", &manifest(package));
    output(cargo.args(["--release", "--quiet", "--jobs", "2", "--target-dir"]).arg(&directory))?;
    let cpu = cpu::of_ended_children()?.saturating_sub(before);
    let program_kib = fs::metadata(directory.join("release").join(program))?.len() as f64 / 1024.0;
    fs::remove_dir_all(&directory)?;
    Ok(CleanBuild { cpu, program_kib })
}

fn cargo(command: &str, manifest: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg(command).arg("--manifest-path").arg(manifest);
    cargo
}

fn output(command: &mut Command) -> Result<String, Error> {
    output_within(command, LIMIT)
}

/// Run a command to its end, within the limit, and give back what it printed.
pub fn output_within(command: &mut Command, limit: Duration) -> Result<String, Error> {
    let child = Guarded::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()), limit)?;
    let mut stdout = child.get().stdout.take().ok_or("the child has no pipe")?;
    let mut text = String::new();
    stdout.read_to_string(&mut text)?;
    let status = child.end(Duration::from_secs(10))?;
    match status.success() {
        true => Ok(text),
        false => Err(format!("{command:?} failed: {status}").into()),
    }
}
