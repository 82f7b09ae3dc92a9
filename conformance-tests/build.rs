//! Tells the tests what is installed. A test that needs something which is not installed is
//! compiled with `#[ignore]`, so that it is reported as ignored, with the command that installs it,
//! and never as passed. With `CI=true` every test runs, and fails where something is missing.

#![allow(clippy::print_stdout, reason = "a build script speaks to Cargo on standard output")]

use std::env;
use std::path::Path;

/// What tests need: the `cfg` for it, the folder that it is installed in, and the file there that
/// is written last.
const NEEDS: [(&str, &str, &str); 4] = [
    ("node_peers_installed", "peers/node", "node_modules/.stamp"),
    ("python_peers_installed", "peers/python", ".venv/.stamp"),
    ("rmcp_peer_built", "peers/rmcp", "target/debug/mcp-peer-rmcp"),
    ("suite_installed", "suite", "node_modules/.package-lock.json"),
];

fn main() {
    println!("cargo::rerun-if-env-changed=CI");
    let all = env::var_os("CI").is_some_and(|value| value == "true");
    for (cfg, folder, file) in NEEDS {
        let file = Path::new(folder).join(file);
        let is_installed = file.exists();
        // Cargo runs this script again on every build while a file that it watches is missing. The
        // folder is there and changes by the installation; once installed it has too many files to
        // be watched.
        let watched = if is_installed { &file } else { Path::new(folder) };
        println!("cargo::rerun-if-changed={}", watched.display());
        println!("cargo::rustc-check-cfg=cfg({cfg})");
        if is_installed || all {
            println!("cargo::rustc-cfg={cfg}");
        }
    }
}
