//! Sets a `cfg` for each dependency of the tests that is installed. A test whose dependency is
//! missing is compiled as an ignored one, so that it is reported as ignored, with the command that
//! installs the dependency, and never as passed. With `CI=true` every test runs, and fails if its
//! dependency is missing.

use std::env;
use std::path::{Path, PathBuf};

/// The dependencies of the tests: the `cfg`, the folder of the installation, and the file there
/// that the installation writes last.
const DEPENDENCIES: [(&str, &str, &str); 6] = [
    ("node_peers_installed", "peers/node", "node_modules/.stamp"),
    ("python_peers_installed", "peers/python", ".venv/.stamp"),
    ("fastmcp_tasks_installed", "peers/python/tasks", ".venv/.stamp"),
    ("host_sdks_installed", "peers/python/hosts", ".venv/.stamp"),
    ("rmcp_peer_built", "peers/rmcp", "target/debug/mcp-peer-rmcp"),
    ("suite_installed", "suite", "node_modules/.package-lock.json"),
];

/// The dependencies that are programs: the `cfg`, and the names.
const PROGRAMS: [(&str, &[&str]); 2] = [
    ("redis_server_installed", &["redis-server"]),
    ("fleet_installed", &["redis-server", "haproxy"]),
];

fn main() {
    println!("cargo::rerun-if-env-changed=CI");
    println!("cargo::rerun-if-env-changed=PATH");
    let all = env::var_os("CI").is_some_and(|value| value == "true");
    let folders: Vec<PathBuf> =
        env::split_paths(&env::var_os("PATH").unwrap_or_default()).collect();
    for (cfg, names) in PROGRAMS {
        let mut is_installed = true;
        for name in names {
            let program = folders.iter().map(|folder| folder.join(name)).find(|path| path.exists());
            // An installation changes a folder.
            let watched = program.as_ref().map_or(&folders[..], std::slice::from_ref);
            for path in watched.iter().filter(|path| path.exists()) {
                println!("cargo::rerun-if-changed={}", path.display());
            }
            is_installed &= program.is_some();
        }
        println!("cargo::rustc-check-cfg=cfg({cfg})");
        if is_installed || all {
            println!("cargo::rustc-cfg={cfg}");
        }
    }
    for (cfg, folder, file) in DEPENDENCIES {
        let file = Path::new(folder).join(file);
        let is_installed = file.exists();
        // While a watched file is missing, Cargo runs this script on every build. So the folder is
        // watched, which the installation changes. After the installation it has too many files to
        // watch.
        let watched = if is_installed { &file } else { Path::new(folder) };
        println!("cargo::rerun-if-changed={}", watched.display());
        println!("cargo::rustc-check-cfg=cfg({cfg})");
        if is_installed || all {
            println!("cargo::rustc-cfg={cfg}");
        }
    }
}
