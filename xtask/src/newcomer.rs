//! What a newcomer does: the first server, the server over HTTP and the first client of the guide,
//! built in empty folders with the crates as they are packaged. The client calls the server, and
//! the servers are put into hosts.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    files::{create, read, write},
    hosts, limited, listening, repository,
    steps::cargo,
};

const SERVER_PAGE: &str = "docs/guide/first-server.md";
const HTTP_PAGE: &str = "docs/guide/http.md";
const CLIENT_PAGE: &str = "docs/guide/client.md";
/// A server with unusual schemas, which the package of the first server builds too.
const DIALECTS: &str = "conformance-tests/src/bin/dialect-server.rs";
/// Where the servers of the page listen.
const ADDRESS: &str = "127.0.0.1:8080";
/// The crates that are published, in the order of their dependencies.
const CRATES: [&str; 4] = ["mcp-core", "mcp-macros", "mcp-server", "mcp-client"];
/// Time in which a program that neither builds nor downloads must end.
const COMMAND: Duration = Duration::from_secs(60);

/// Returns what could not be checked.
pub(crate) fn run() -> Result<Option<String>, String> {
    let folder = repository::root().join("target/newcomer");
    package(&folder.join("mcp-sdk"))?;

    let stdio = folder.join("calculator");
    let page = write_package(SERVER_PAGE, &stdio)?;
    write(&stdio.join("src/main.rs"), program(SERVER_PAGE, &page)?)?;
    create(&stdio.join("src/bin"))?;
    write(&stdio.join("src/bin/dialects.rs"), &read(&repository::root().join(DIALECTS))?)?;
    let dialects = folder.join("target/debug/dialects");
    let stdio = build(&stdio, "calculator", &folder)?;

    let asker = folder.join("asker");
    let page = write_package(CLIENT_PAGE, &asker)?;
    write(&asker.join("src/main.rs"), program(CLIENT_PAGE, &page)?)?;
    let asker = build(&asker, "asker", &folder)?;
    let printed = limited::run(Command::new(asker).arg(&stdio), COMMAND)?.stdout;
    let (_, expected) = code(CLIENT_PAGE, &page, "console", "$ cargo run")?
        .split_once('\n')
        .ok_or_else(|| format!("{CLIENT_PAGE} does not show what its program prints"))?;
    if printed != expected {
        return Err(format!("the program of {CLIENT_PAGE} prints:\n{printed}"));
    }

    let address = listening::free_address()?;
    let http = build_http(&folder, &address.to_string())?;
    hosts::connect(&hosts::Servers { stdio, http, address, dialects }, &folder)
}

/// Builds the programs of the page about HTTP with its `Cargo.toml`. Returns the path of the first
/// one, which listens at `address`.
fn build_http(folder: &Path, address: &str) -> Result<PathBuf, String> {
    let http = folder.join("calculator-http");
    let page = write_package(HTTP_PAGE, &http)?;
    let first = program(HTTP_PAGE, &page)?;
    write(&http.join("src/main.rs"), &first.replace(ADDRESS, address))?;
    // HTTP+SSE needs a feature of its own.
    let others = blocks(&page, "rust")
        .filter(|code| code.contains("fn main()") && *code != first && !code.contains("http_sse"));
    create(&http.join("src/bin"))?;
    for (number, other) in others.enumerate() {
        write(&http.join(format!("src/bin/http{number}.rs")), other)?;
    }
    build(&http, "calculator", folder)
}

/// Writes the `Cargo.toml` of a page into a new folder. Returns the text of the page.
fn write_package(page: &str, program: &Path) -> Result<String, String> {
    create(&program.join("src"))?;
    let text = read(&repository::root().join(page))?;
    write(&program.join("Cargo.toml"), code(page, &text, "toml", "[package]")?)?;
    // The versions of this repository.
    write(&program.join("Cargo.lock"), &read(&repository::root().join("Cargo.lock"))?)?;
    Ok(text)
}

/// Builds the package in a folder. Returns the path of its program.
fn build(program: &Path, name: &str, folder: &Path) -> Result<PathBuf, String> {
    let mut build = cargo("build");
    for name in ["mcp-core", "mcp-macros"] {
        // A packaged crate names the others by their version.
        let path = folder.join("mcp-sdk").join(name);
        build.arg("--config").arg(format!("patch.crates-io.{name}.path={:?}", path.display()));
    }
    let target = folder.join("target");
    build.current_dir(program).env("CARGO_TARGET_DIR", &target);
    limited::run(&mut build, limited::BUILD)?;
    // Programs of the same name are built to the same place.
    let (built, copy) = (target.join("debug").join(name), program.join(name));
    std::fs::copy(&built, &copy).map_err(|error| format!("{}: {error}", built.display()))?;
    Ok(copy)
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

/// Returns the first program of a page.
fn program<'a>(page: &str, text: &'a str) -> Result<&'a str, String> {
    code(page, text, "rust", "fn main()")
}

/// Returns the first block of code of a language that contains a text.
fn code<'a>(page: &str, text: &'a str, language: &str, contains: &str) -> Result<&'a str, String> {
    let found = blocks(text, language).find(|code| code.contains(contains));
    found.ok_or_else(|| format!("{page} has no {language} with {contains:?}"))
}

/// Returns the blocks of code of a language.
fn blocks<'a>(text: &'a str, language: &str) -> impl Iterator<Item = &'a str> {
    let blocks = text.split("```").skip(1).step_by(2);
    let blocks = blocks.filter_map(|block| block.split_once('\n'));
    blocks.filter(move |(head, _)| head.split(',').next() == Some(language)).map(|(_, code)| code)
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
