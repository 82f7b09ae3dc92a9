//! `cargo xtask ci`: the gate. `.ci/run` installs its dependencies and starts it.

use std::{collections::BTreeSet, process::Command};

use crate::{
    newcomer, repository,
    steps::{Steps, cargo, output, succeed},
    tidy,
};

/// Lint runs in addition to that of the workspace: single packages with the features that users
/// combine.
const FEATURE_SETS: &[&str] = &[
    "-p mcp-core --no-default-features",
    "-p mcp-core --features http-client",
    "-p mcp-core --features fetch",
    "-p mcp-core --features policy",
    "-p mcp-server --no-default-features",
    "-p mcp-server --no-default-features --features auth",
    "-p mcp-server --no-default-features --features audit,tower",
    "-p mcp-server --features policy",
    "-p mcp-server --no-default-features --features jsonrpsee",
    "-p mcp-server --all-features",
    "-p mcp-client --no-default-features",
    "-p mcp-client --features http",
    // Its tests too: those of the keychain are in no other run.
    "-p mcp-client --all-features --all-targets",
];

/// The minimum version of Rust, as in `rust-version` of the workspace.
const MINIMUM_RUST: &str = env!("CARGO_PKG_RUST_VERSION");

/// The target of WebAssembly.
const WEB_ASSEMBLY: &str = "wasm32-unknown-unknown";

/// Targets whose code no test runs here: it is checked by the compiler.
const FOREIGN_TARGETS: [(&str, &str); 2] = [
    ("the code for Windows", "x86_64-pc-windows-gnu"),
    ("the code for macOS", "aarch64-apple-darwin"),
];

/// What is checked for them.
const FOREIGN_SETS: [&str; 2] =
    ["-p mcp-client -p mcp-server", "-p mcp-core -p mcp-client -p mcp-server --all-features"];

/// Limits on the number of crates that a user builds.
const BUDGETS: &[(&str, &str, usize)] = &[
    ("a stdio server", "-p mcp-server", 60),
    ("a client over HTTP with TLS", "-p mcp-client --features http", 90),
    // The example needs the server, the client over stdio, and the crates of the examples.
    ("the quickstart", "-p mcp-examples", 61),
];

pub(crate) fn run() -> Result<(), String> {
    let mut steps = Steps::new();
    steps.command("format", &mut cargo("fmt --all --check"));
    steps.step("tidy", || tidy::run(&[]));
    steps.step("dependency budgets", budgets);
    steps.command(
        "lints of all targets",
        &mut cargo(
            "clippy --workspace --all-targets --features mcp-examples/full --locked -- -D warnings",
        ),
    );
    for set in FEATURE_SETS {
        let clippy = format!("clippy {set} --locked -- -D warnings");
        steps.command(&format!("lints of {set}"), &mut cargo(&clippy));
    }
    for (name, target) in FOREIGN_TARGETS {
        steps.optional(name, || foreign(target));
    }
    steps.step("documentation", documentation);
    steps.command(
        "licenses, sources and banned crates",
        &mut cargo("deny --offline check --hide-inclusion-graph bans licenses sources"),
    );
    steps.optional("the minimum version of Rust", minimum_rust);
    steps.optional("mcp-core for WebAssembly", web_assembly);
    steps.step("no test is ignored", none_ignored);
    let tests = "test --workspace --features mcp-examples/full --locked --no-fail-fast";
    steps.command("tests", &mut cargo(tests));
    steps.command(
        "tests of the keychain",
        &mut cargo("test -p mcp-client --features keychain --test oauth --locked"),
    );
    steps.command(
        "the quickstart of README.md",
        &mut cargo("run -p mcp-examples --example quickstart --locked"),
    );
    steps.optional("the first programs of the guide, with the packaged crates", newcomer::run);
    steps.finish()
}

/// Checks the libraries with the oldest compiler that they support, in a folder of its own. Returns
/// why it cannot be done.
fn minimum_rust() -> Result<Option<String>, String> {
    let toolchain = format!("{MINIMUM_RUST}.0");
    let version = output(Command::new("rustup").args(["run", &toolchain, "rustc", "--version"]));
    if let Err(reason) = version {
        return Ok(Some(format!("Rust {toolchain} is not installed: {reason}")));
    }
    let mut check = Command::new("rustup");
    check.args(["run", &toolchain, "cargo", "check", "--locked"]);
    check.args("-p mcp-core -p mcp-server -p mcp-client --all-features".split(' '));
    // The variables of this compiler, which started the gate.
    check.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTC");
    check.current_dir(repository::root()).args(["--target-dir", "target/minimum-rust"]);
    succeed(&mut check).map(|()| None)
}

/// Checks that `mcp-core` compiles for WebAssembly. Returns why it cannot be done.
fn web_assembly() -> Result<Option<String>, String> {
    if let Err(reason) = add_target(WEB_ASSEMBLY) {
        return Ok(Some(reason));
    }
    succeed(&mut cargo(&format!("check -p mcp-core --target {WEB_ASSEMBLY} --locked")))?;
    Ok(None)
}

/// A page of each library with an item that only a feature has.
const LABELED_PAGES: [&str; 3] = [
    "mcp_core/telemetry/struct.OpenTelemetry.html",
    "mcp_server/audit/index.html",
    "mcp_client/oauth/index.html",
];

/// Builds the documentation as docs.rs does, with the features on their items.
fn documentation() -> Result<(), String> {
    // A folder of its own: the variables would rebuild what the other steps have built.
    let folder = "target/documentation";
    let mut doc = cargo("doc --workspace --all-features --no-deps --locked");
    doc.args(["--target-dir", folder]).env("RUSTC_BOOTSTRAP", "1");
    succeed(doc.env("RUSTDOCFLAGS", "--cfg docsrs -D warnings"))?;
    for page in LABELED_PAGES {
        let path = repository::root().join(folder).join("doc").join(page);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path:?}: {error}"))?;
        if !text.contains("Available on") {
            return Err(format!("{page} does not name its feature"));
        }
    }
    Ok(())
}

/// Checks the code for another system. Returns why it cannot be checked.
fn foreign(target: &str) -> Result<Option<String>, String> {
    if let Err(reason) = add_target(target) {
        return Ok(Some(reason));
    }
    let variable = target.replace('-', "_");
    for set in FOREIGN_SETS {
        let mut clippy = cargo(&format!("clippy {set} --target {target} --locked -- -D warnings"));
        // Nothing is linked, so no C compiler of that system is needed for what dependencies build.
        for tool in ["CC", "AR"] {
            clippy.env(format!("{tool}_{variable}"), "true");
        }
        // Where the build script of a dependency looks for the headers of macOS.
        succeed(clippy.env("SDKROOT", "/"))?;
    }
    Ok(None)
}

/// Installs a target, unless it is installed.
fn add_target(target: &str) -> Result<(), String> {
    output(Command::new("rustup").args(["target", "add", target]))
        .map(drop)
        .map_err(|reason| format!("the target {target} cannot be installed: {reason}"))
}

/// Fails if a test is ignored, because a dependency of the test is not installed.
fn none_ignored() -> Result<(), String> {
    let list = output(&mut cargo(
        "test --workspace --features mcp-examples/full --tests --locked -- --ignored --list",
    ))?;
    let ignored: Vec<&str> = list.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    match ignored[..] {
        [] => Ok(()),
        _ => Err(format!(
            "install the dependencies of these tests, as .ci/run does:\n{}",
            ignored.join("\n")
        )),
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

/// Counts the packages in the output of `cargo tree`, which can list a package several times.
fn count_crates(tree: &str) -> usize {
    tree.lines()
        .map(|line| line.split(" (").next().unwrap_or(line))
        .filter(|line| !line.is_empty())
        .collect::<BTreeSet<_>>()
        .len()
}

#[test]
fn a_crate_that_is_listed_several_times_counts_once() {
    let tree = "a v1.0.0 (a)\nb v1.0.0\nc v2.0.0 (proc-macro)\nb v1.0.0 (*)\nb v2.0.0\n";
    assert_eq!(count_crates(tree), 4);
}
