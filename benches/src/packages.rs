//! Builds the servers and clients with cargo, and measures the cost of a build.

use std::{
    collections::BTreeSet,
    env, fs,
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::{Error, child::Guarded, cpu};

/// Time limit of a build. A clean build on one slow core takes several minutes.
const LIMIT: Duration = Duration::from_secs(1800);

/// Returns the manifest of a package in `benches/`: `""` for the benches themselves, `"peers/rmcp"`
/// for a peer.
pub fn manifest(package: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(package).join("Cargo.toml")
}

/// Returns the target directory of the running program.
pub fn target_directory() -> Result<PathBuf, Error> {
    let program = env::current_exe()?;
    Ok(program.ancestors().nth(2).ok_or("the program is not in a target directory")?.to_owned())
}

/// Builds these binaries of a package with this profile. Returns their paths.
pub fn build(package: &str, profile: &str, binaries: &[&str]) -> Result<Vec<PathBuf>, Error> {
    eprintln!("building {} with the profile {profile}", binaries.join(", "));
    let mut cargo = cargo("build", &manifest(package));
    cargo.args(["--profile", profile, "--message-format", "json-render-diagnostics"]);
    cargo.args(binaries.iter().flat_map(|binary| ["--bin", binary]));
    cargo.arg("--target-dir").arg(target_directory()?);
    let messages = output(&mut cargo)?;
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let programs = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    let programs: Vec<PathBuf> = programs.collect();
    for program in &programs {
        // Until a program is on disk, its mapped pages count as dirty memory of its processes.
        File::open(program)?.sync_all()?;
    }
    Ok(programs)
}

/// Returns the path of the program with this name.
pub fn find(programs: &[PathBuf], name: &str) -> Option<String> {
    let program =
        programs.iter().find(|program| program.file_name().is_some_and(|file| file == name))?;
    Some(program.to_string_lossy().into_owned())
}

/// Returns the number of crates that a package compiles for the host, including build scripts and
/// macros, without the package itself.
pub fn crates(package: &str) -> Result<usize, Error> {
    let mut cargo = cargo("tree", &manifest(package));
    cargo.args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    let tree = output(&mut cargo)?;
    let crates: BTreeSet<&str> =
        tree.lines().skip(1).map(|line| line.trim_end_matches(" (*)")).collect();
    Ok(crates.iter().filter(|line| !line.is_empty()).count())
}

/// The cost of a release build.
#[derive(Clone, Copy, Debug)]
pub struct BuildCost {
    /// CPU time of cargo and all compilers.
    pub cpu: Duration,
    /// Size of the program, in KiB.
    pub program_kib: f64,
}

/// The directory of a clean build, which is removed when it is dropped.
#[derive(Debug)]
pub struct CleanDirectory(PathBuf);

impl CleanDirectory {
    /// Creates an empty directory in the target directory.
    pub fn new(name: &str) -> Result<CleanDirectory, Error> {
        let directory = target_directory()?.join("clean").join(name);
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir_all(&directory)?;
        Ok(CleanDirectory(directory))
    }

    /// Builds a package in release mode with two jobs.
    pub fn build(&self, package: &str, program: &str) -> Result<BuildCost, Error> {
        output(cargo("fetch", &manifest(package)).arg("--quiet"))?;
        let before = cpu::of_ended_children()?;
        let mut cargo = cargo("build", &manifest(package));
        output(cargo.args(["--release", "--quiet", "--jobs", "2", "--target-dir"]).arg(&self.0))?;
        let cpu = cpu::of_ended_children()?.saturating_sub(before);
        let program = fs::metadata(self.0.join("release").join(program))?;
        Ok(BuildCost { cpu, program_kib: program.len() as f64 / 1024.0 })
    }
}

impl Drop for CleanDirectory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn cargo(command: &str, manifest: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Settings of the caller would change what is measured: profiles, flags, and programs that run
    // in place of the compiler.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let is_setting = text.starts_with("CARGO_PROFILE_")
            || text.starts_with("CARGO_BUILD_")
            || ["CARGO_INCREMENTAL", "CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS"].contains(&&*text)
            || ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"].contains(&&*text);
        if is_setting {
            cargo.env_remove(&name);
        }
    }
    cargo.arg(command).arg("--manifest-path").arg(manifest);
    cargo
}

fn output(command: &mut Command) -> Result<String, Error> {
    output_within(command, LIMIT)
}

/// Runs a command that prints figures, one in each line. Returns one of them.
pub fn printed_figure(command: &mut Command, limit: Duration, line: usize) -> Result<f64, Error> {
    let text = output_within(command, limit)?;
    let line = text.lines().nth(line).ok_or("the program has printed no figure")?;
    Ok(line.parse()?)
}

/// Runs a command within a time limit. Returns its standard output.
pub fn output_within(command: &mut Command, limit: Duration) -> Result<String, Error> {
    let child = Guarded::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()), limit)?;
    let mut stdout = child.get().stdout.take().ok_or("the child has no pipe")?;
    let mut text = String::new();
    stdout.read_to_string(&mut text)?;
    let status = child.wait_or_kill(Duration::from_secs(10))?;
    match status.success() {
        true => Ok(text),
        false => Err(format!("{command:?} failed: {status}").into()),
    }
}
