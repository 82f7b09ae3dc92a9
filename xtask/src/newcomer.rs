//! What a newcomer does: the first server and the first client of the guide, built in empty folders
//! with the crates as they are packaged; the server is called by the client, and put into hosts.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    files::{create, read, write},
    hosts, limited, repository,
    steps::cargo,
};

const SERVER_PAGE: &str = "docs/guide/first-server.md";
const CLIENT_PAGE: &str = "docs/guide/client.md";
/// The crates that are published, in the order of their dependencies.
const CRATES: [&str; 4] = ["mcp-core", "mcp-macros", "mcp-server", "mcp-client"];
/// Time in which a program that neither builds nor downloads must end.
const COMMAND: Duration = Duration::from_secs(60);

pub(crate) fn run() -> Result<(), String> {
    let folder = repository::root().join("target/newcomer");
    package(&folder.join("mcp-sdk"))?;
    let server = build(SERVER_PAGE, "calculator", &folder)?;
    let client = build(CLIENT_PAGE, "asker", &folder)?;
    let printed = limited::run(Command::new(client).arg(&server), COMMAND)?.stdout;
    let page = read(&repository::root().join(CLIENT_PAGE))?;
    let (_, expected) = code(CLIENT_PAGE, &page, "console", "$ cargo run")?
        .split_once('\n')
        .ok_or_else(|| format!("{CLIENT_PAGE} does not show what its program prints"))?;
    if printed != expected {
        return Err(format!("the program of {CLIENT_PAGE} prints:\n{printed}"));
    }
    hosts::connect(&server, &folder)
}

/// Builds the program of a page in a folder of its own. Returns the path of the program.
fn build(page: &str, name: &str, folder: &Path) -> Result<PathBuf, String> {
    let program = folder.join(name);
    create(&program.join("src"))?;
    let text = read(&repository::root().join(page))?;
    write(&program.join("Cargo.toml"), code(page, &text, "toml", "[package]")?)?;
    write(&program.join("src/main.rs"), code(page, &text, "rust", "fn main()")?)?;
    // The versions of this repository, so that nothing is downloaded.
    write(&program.join("Cargo.lock"), &read(&repository::root().join("Cargo.lock"))?)?;
    let mut build = cargo("build --offline");
    for name in ["mcp-core", "mcp-macros"] {
        // A packaged crate names the others by their version.
        let path = folder.join("mcp-sdk").join(name);
        build.arg("--config").arg(format!("patch.crates-io.{name}.path={:?}", path.display()));
    }
    let target = folder.join("target");
    build.current_dir(&program).env("CARGO_TARGET_DIR", &target);
    limited::run(&mut build, limited::BUILD)?;
    Ok(target.join("debug").join(name))
}

/// Packages the crates, and unpacks each into a folder of its name.
fn package(sdk: &Path) -> Result<(), String> {
    let target = sdk.with_file_name("packages");
    let packages: String = CRATES.iter().map(|name| format!(" -p {name}")).collect();
    // The lock file of a package would need the registry, which does not have the other packages.
    let options = "--no-verify --exclude-lockfile --allow-dirty --offline --quiet";
    let mut package = cargo(&format!("package{packages} {options} --target-dir"));
    limited::run(package.arg(&target), limited::BUILD)?;
    for name in CRATES {
        let archive = target.join(format!("package/{name}-{}.crate", env!("CARGO_PKG_VERSION")));
        let folder = sdk.join(name);
        create(&folder)?;
        let mut unpack = Command::new("tar");
        // With the time of now: by the fixed one of packages, cargo would find nothing changed.
        unpack.args(["--extract", "--touch", "--strip-components=1", "--gzip"]);
        unpack.arg("--directory").arg(&folder).arg("--file").arg(&archive);
        limited::run(&mut unpack, COMMAND)?;
        if read(&folder.join("LICENSE"))? != read(&repository::root().join("LICENSE"))? {
            return Err(format!("the package of {name} does not have the license"));
        }
    }
    Ok(())
}

/// Returns the first block of code of a language that contains a text.
fn code<'a>(page: &str, text: &'a str, language: &str, contains: &str) -> Result<&'a str, String> {
    let blocks = text.split("```").skip(1).step_by(2);
    let mut blocks = blocks.filter_map(|block| block.split_once('\n'));
    let found = blocks
        .find(|(head, code)| head.split(',').next() == Some(language) && code.contains(contains));
    found.map(|(_, code)| code).ok_or_else(|| format!("{page} has no {language} with {contains:?}"))
}

#[test]
fn the_block_that_contains_the_text_is_found() {
    let page =
        "a\n```toml\nx = 1\n```\nb\n```rust,no_run\nfn main() {}\n```\n```rust\nlet x;\n```\n";
    assert_eq!(code("p", page, "toml", "x").unwrap(), "x = 1\n");
    assert_eq!(code("p", page, "rust", "main").unwrap(), "fn main() {}\n");
    assert_eq!(code("p", page, "rust", "let").unwrap(), "let x;\n");
    assert!(code("p", page, "toml", "main").is_err());
}
