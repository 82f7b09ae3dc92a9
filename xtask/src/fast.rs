//! `cargo xtask fast`: the checks before each commit.

use crate::{
    repository,
    steps::{Steps, cargo},
    tidy,
};

/// Test targets that are slow, because they start many processes or the compiler.
const SLOW_TARGETS: &[&str] =
    &["compile", "end_to_end", "kill", "peers", "process", "redis", "suite"];

/// The features of the examples, without those that build more than the libraries need.
const EXAMPLES: &str = "mcp-examples/audit,mcp-examples/http-sse,mcp-examples/policy,\
                        mcp-examples/skills,mcp-examples/tasks";

/// The prefix of load tests, which are in the test target `http` of mcp-server.
const LOAD_TESTS: &str = "load::";

pub(crate) fn run() -> Result<(), String> {
    let mut steps = Steps::new();
    steps.command("format", &mut cargo("fmt --all --check"));
    steps.step("tidy", || tidy::run(&[]));
    let clippy = format!("clippy --workspace --all-targets --features {EXAMPLES} -- -D warnings");
    steps.command("lints", &mut cargo(&clippy));
    steps.command("tests", &mut cargo(&test_command()?));
    steps.finish()
}

/// Selects targets, not packages: Cargo unifies the features of the selected packages, so another
/// selection would build the dependencies again with other features.
fn test_command() -> Result<String, String> {
    let files = repository::files(&repository::root(), &["rs"]).map_err(|e| e.to_string())?;
    let targets: String =
        quick_targets(&files).iter().map(|name| format!(" --test {name}")).collect();
    Ok(format!("test --workspace --no-fail-fast --lib --bin xtask{targets} -- --skip {LOAD_TESTS}"))
}

/// Returns the names of the test targets, whose files are `<package>/tests/<name>/main.rs`.
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
fn quick_targets_are_all_except_the_slow_ones() {
    let files = ["a/tests/http/main.rs", "a/tests/http/x.rs", "b/tests/http/main.rs"];
    let more = ["b/tests/peers/main.rs", "b/tests/wire/main.rs", "b/src/main.rs"];
    let files: Vec<String> = files.iter().chain(&more).map(ToString::to_string).collect();
    assert_eq!(quick_targets(&files), ["http", "wire"]);
}
