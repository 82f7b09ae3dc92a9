//! What a newcomer does: the first server of the guide, built in an empty folder with the crates as
//! they are packaged, called, and put into hosts.

use std::{path::Path, process::Command};

use crate::{
    files::{create, read, write},
    hosts, repository,
    steps::{cargo, output, succeed},
};

const PAGE: &str = "docs/guide/first-server.md";
/// The crates that are published, in the order of their dependencies.
const CRATES: [&str; 4] = ["mcp-core", "mcp-macros", "mcp-server", "mcp-client"];

pub(crate) fn run() -> Result<(), String> {
    let folder = repository::root().join("target/newcomer");
    let sdk = folder.join("mcp-sdk");
    let program = folder.join("calculator");
    create(&sdk)?;
    create(&program.join("src"))?;
    package(&sdk)?;

    let page = read(&repository::root().join(PAGE))?;
    write(&program.join("Cargo.toml"), code(&page, "toml", "[package]")?)?;
    write(&program.join("src/main.rs"), code(&page, "rust", "fn main()")?)?;
    // The versions of this repository, so that nothing is downloaded.
    write(&program.join("Cargo.lock"), &read(&repository::root().join("Cargo.lock"))?)?;
    let mut build = cargo("build --offline");
    for name in ["mcp-core", "mcp-macros"] {
        // A packaged crate names the others by their version.
        let path = sdk.join(name);
        build.arg("--config").arg(format!("patch.crates-io.{name}.path={:?}", path.display()));
    }
    build.current_dir(&program).env("CARGO_TARGET_DIR", folder.join("target"));
    succeed(&mut build)?;

    let server = folder.join("target/debug/calculator");
    let client = "run --quiet -p mcp-examples --example client --locked --";
    let listed = output(cargo(client).arg(&server))?;
    let call = ["--call", "divide", r#"{"dividend": 7, "divisor": 2}"#];
    let called = output(cargo(client).args(call).arg(&server))?;
    for (text, expected) in [(listed, "divide"), (called, "quotient")] {
        if !text.contains(expected) {
            return Err(format!("the server of {PAGE} did not answer {expected:?} but {text}"));
        }
    }
    hosts::connect(&server, &folder)
}

/// Packages the crates, and unpacks each into a folder of its name.
fn package(sdk: &Path) -> Result<(), String> {
    let target = sdk.with_file_name("packages");
    let packages: String = CRATES.iter().map(|name| format!(" -p {name}")).collect();
    // The lock file of a package would need the registry, which does not have the other packages.
    let options = "--no-verify --exclude-lockfile --allow-dirty --offline --quiet";
    let mut package = cargo(&format!("package{packages} {options} --target-dir"));
    succeed(package.arg(&target))?;
    for name in CRATES {
        let archive = target.join(format!("package/{name}-{}.crate", env!("CARGO_PKG_VERSION")));
        let folder = sdk.join(name);
        create(&folder)?;
        let mut unpack = Command::new("tar");
        unpack.arg("--extract").arg("--strip-components=1").arg("--gzip");
        succeed(unpack.arg("--directory").arg(&folder).arg("--file").arg(&archive))?;
    }
    Ok(())
}

/// Returns the first block of code of a language that contains a text.
fn code<'a>(page: &'a str, language: &str, contains: &str) -> Result<&'a str, String> {
    let blocks = page.split("```").skip(1).step_by(2);
    let mut blocks = blocks.filter_map(|block| block.split_once('\n'));
    let found = blocks
        .find(|(head, code)| head.split(',').next() == Some(language) && code.contains(contains));
    found.map(|(_, code)| code).ok_or_else(|| format!("{PAGE} has no {language} with {contains:?}"))
}

#[test]
fn the_block_that_contains_the_text_is_found() {
    let page =
        "a\n```toml\nx = 1\n```\nb\n```rust,no_run\nfn main() {}\n```\n```rust\nlet x;\n```\n";
    assert_eq!(code(page, "toml", "x").unwrap(), "x = 1\n");
    assert_eq!(code(page, "rust", "main").unwrap(), "fn main() {}\n");
    assert_eq!(code(page, "rust", "let").unwrap(), "let x;\n");
    assert!(code(page, "toml", "main").is_err());
}
