//! The commands of `docs/guide/hosts.md`, run until the hosts report the server as connected. The
//! hosts need no log-in for that, and see a home folder of their own.

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    files::{create, read, write},
    limited, repository,
    steps::cargo,
};

const PAGE: &str = "docs/guide/hosts.md";
/// What the page has in the place of the path and the URL of the user's server.
const PATH: &str = "/path/to/calculator/target/release/calculator";
const URL: &str = "http://127.0.0.1:8080/mcp";
/// The programs of the hosts that `conformance-tests/hosts` installs.
const HOSTS: [&str; 2] = ["claude", "gemini"];
/// Time in which the server over HTTP must listen.
const START: Duration = Duration::from_secs(10);
/// Time in which a command of a host must end.
const COMMAND: Duration = Duration::from_secs(60);

/// Runs the commands with `server` over standard streams, and with an example over HTTP.
pub(crate) fn connect(server: &Path, folder: &Path) -> Result<(), String> {
    let (mut http, url) = serve()?;
    let outcome = connect_all(server, folder, &url);
    limited::end(&mut http)?;
    outcome
}

fn connect_all(server: &Path, folder: &Path, url: &str) -> Result<(), String> {
    let page = read(&repository::root().join(PAGE))?;
    let commands = commands(&page);
    if commands.len() != 2 * HOSTS.len() {
        return Err(format!("{PAGE} should add a server twice to each of {HOSTS:?}: {commands:?}"));
    }
    for (host, arguments) in commands {
        let home = folder.join("home");
        create(&home)?; // Without the entries of the command before.
        create(&home.join("project"))?;
        create(&home.join(".gemini"))?;
        // What a user agrees to once, when the host starts in a folder.
        let trusted = format!("{{{:?}: \"TRUST_FOLDER\"}}", home.join("project"));
        write(&home.join(".gemini/trustedFolders.json"), &trusted)?;
        let path = server.to_string_lossy();
        let arguments = arguments.replace(PATH, &path).replace(URL, url);
        limited::run(run(host, &home)?.args(arguments.split_whitespace()), COMMAND)?;
        let listed = limited::run(run(host, &home)?.args(["mcp", "list"]), COMMAND)?;
        let listed = listed.stdout + &listed.stderr;
        eprintln!("{host} {arguments}\n{listed}");
        if !listed.contains("Connected") {
            return Err(format!("after `{host} {arguments}`, {host} reports:\n{listed}"));
        }
    }
    Ok(())
}

/// Returns the commands of the page that add the server, as the host and its arguments.
fn commands(page: &str) -> Vec<(&str, &str)> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("$ "));
    let commands = lines.filter_map(|line| line.split_once(' '));
    let adding = commands.filter(|(_, arguments)| arguments.starts_with("mcp add"));
    adding.filter(|(host, _)| HOSTS.contains(host)).collect()
}

/// Returns a host in its own home folder, without the variables of this process.
fn run(host: &str, home: &Path) -> Result<Command, String> {
    let folder = repository::root().join("conformance-tests/hosts");
    let program = folder.join("node_modules/.bin").join(host);
    if !program.exists() {
        return Err(format!("{host} is not installed: npm ci --prefix conformance-tests/hosts"));
    }
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).current_dir(home.join("project"));
    command.env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    Ok(command)
}

/// Starts the example over HTTP at a free port. Returns it and its URL.
fn serve() -> Result<(Child, String), String> {
    let build = "build -p mcp-examples --features http --example http_server --locked";
    let target = repository::root().join("target");
    limited::run(cargo(build).arg("--target-dir").arg(target), limited::BUILD)?;
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = free.map_err(|error| format!("there is no free port: {error}"))?;
    let program = repository::root().join("target/debug/examples/http_server");
    let mut server = Command::new(program)
        .arg(address.to_string())
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| format!("the example http_server cannot start: {error}"))?;
    let start = Instant::now();
    while TcpStream::connect(address).is_err() {
        if start.elapsed() > START {
            limited::end(&mut server)?;
            return Err(format!("the example http_server does not listen at {address}"));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok((server, format!("http://{address}/mcp")))
}

#[test]
fn commands_that_add_a_server_are_found() {
    let page = "$ claude mcp add a -- /a\n$ claude mcp list\n$ codex mcp add b\ntext mcp add\n";
    assert_eq!(commands(page), [("claude", "mcp add a -- /a")]);
}
