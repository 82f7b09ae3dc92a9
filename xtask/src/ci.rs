//! `cargo xtask ci`: the gate. `.ci/run` installs what it needs and starts it.

use std::collections::BTreeSet;

use crate::{
    steps::{Steps, cargo, output},
    tidy,
};

/// What is linted besides the workspace as a whole: the packages by themselves, with the features
/// that users combine.
const FEATURE_SETS: &[&str] = &[
    "-p mcp-core --no-default-features",
    "-p mcp-server --no-default-features",
    "-p mcp-server --all-features",
    "-p mcp-client --no-default-features",
    "-p mcp-client --features http",
    "-p mcp-client --all-features",
];

/// How many crates a user builds at most.
const BUDGETS: &[(&str, &str, usize)] = &[
    ("a stdio server", "-p mcp-server", 60),
    ("a client over HTTP with TLS", "-p mcp-client --features http", 90),
];

pub(crate) fn run() -> Result<(), String> {
    let mut steps = Steps::new();
    steps.command("format", &mut cargo("fmt --all --check"));
    steps.step("tidy", || tidy::run(&[]));
    steps.step("dependency budgets", budgets);
    steps.command(
        "lints of all targets",
        &mut cargo("clippy --workspace --all-targets --locked -- -D warnings"),
    );
    for set in FEATURE_SETS {
        let clippy = format!("clippy {set} --locked -- -D warnings");
        steps.command(&format!("lints of {set}"), &mut cargo(&clippy));
    }
    steps.command(
        "documentation",
        cargo("doc --workspace --all-features --no-deps --locked")
            .env("RUSTDOCFLAGS", "-D warnings"),
    );
    steps.step("no test is ignored", none_ignored);
    steps.command("tests", &mut cargo("test --workspace --locked --no-fail-fast"));
    steps.command(
        "the quickstart of README.md",
        &mut cargo("run -p mcp-examples --example quickstart --locked"),
    );
    steps.finish()
}

/// A test is ignored where something that it needs is not installed.
fn none_ignored() -> Result<(), String> {
    let list = output(&mut cargo("test --workspace --tests --locked -- --ignored --list"))?;
    let ignored: Vec<&str> = list.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    match ignored[..] {
        [] => Ok(()),
        _ => {
            Err(format!("install what these tests need, as .ci/run does:\n{}", ignored.join("\n")))
        }
    }
}

fn budgets() -> Result<(), String> {
    for (what, package, limit) in BUDGETS {
        let tree = format!("tree {package} -e normal,build --prefix none --locked");
        let crates = count_crates(&output(&mut cargo(&tree))?);
        eprintln!("{what} builds {crates} crates; at most {limit} are allowed");
        if crates > *limit {
            return Err(format!("{what} builds {crates} crates, more than {limit}"));
        }
    }
    Ok(())
}

/// The number of packages in the output of `cargo tree`, each of which is listed once for each way
/// that leads to it.
fn count_crates(tree: &str) -> usize {
    tree.lines()
        .map(|line| line.split(" (").next().unwrap_or(line))
        .filter(|line| !line.is_empty())
        .collect::<BTreeSet<_>>()
        .len()
}

#[test]
fn a_crate_counts_once_however_often_it_is_listed() {
    let tree = "a v1.0.0 (/home/a)\nb v1.0.0\nc v2.0.0 (proc-macro)\nb v1.0.0 (*)\nb v2.0.0\n";
    assert_eq!(count_crates(tree), 4);
}
