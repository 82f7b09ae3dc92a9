//! `cargo xtask fast`: what a developer runs before each commit.

use crate::{
    repository,
    steps::{Steps, cargo},
    tidy,
};

/// Test targets that start other processes or the compiler.
const SLOW_TARGETS: &[&str] = &["compile", "ours", "peers", "process", "suite"];

/// The module of load tests, in the test target `http` of mcp-server.
const LOAD_TESTS: &str = "load::";

pub(crate) fn run() -> Result<(), String> {
    let mut steps = Steps::new();
    steps.command("format", &mut cargo("fmt --all --check"));
    steps.step("tidy", || tidy::run(&[]));
    steps.command("lints", &mut cargo("clippy --workspace --all-targets -- -D warnings"));
    steps.command("tests", &mut cargo(&test_command()?));
    steps.finish()
}

/// Chooses targets, not packages: Cargo unites the features of the packages it is given, and for
/// other packages it would build the dependencies again with other features.
fn test_command() -> Result<String, String> {
    let files = repository::files(&repository::root(), &["rs"]).map_err(|e| e.to_string())?;
    let targets: String =
        quick_targets(&files).iter().map(|name| format!(" --test {name}")).collect();
    Ok(format!("test --workspace --no-fail-fast --lib --bin xtask{targets} -- --skip {LOAD_TESTS}"))
}

/// The names of the test targets, each of which is `<package>/tests/<name>/main.rs`.
fn quick_targets(files: &[String]) -> Vec<&str> {
    let mut names: Vec<&str> = files
        .iter()
        .filter_map(|file| match file.split('/').collect::<Vec<_>>()[..] {
            [.., "tests", name, "main.rs"] => Some(name),
            _ => None,
        })
        .filter(|name| !SLOW_TARGETS.contains(name))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[test]
fn quick_targets_are_all_but_the_slow_ones() {
    let files = ["a/tests/http/main.rs", "a/tests/http/x.rs", "b/tests/http/main.rs"];
    let more = ["b/tests/peers/main.rs", "b/tests/wire/main.rs", "b/src/main.rs"];
    let files: Vec<String> = files.iter().chain(&more).map(ToString::to_string).collect();
    assert_eq!(quick_targets(&files), ["http", "wire"]);
}
