//! The commands of `docs/guide/hosts.md`, run in real hosts until the host calls a tool of the
//! server. The model of the hosts is `conformance-tests/hosts/model.mjs`, on this machine, so that
//! no log-in is needed and nothing is sent to a network. Each host sees a home folder of its own.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    files::{create, read, write},
    limited,
    listening::{Listening, free_address},
    repository,
};

const PAGE: &str = "docs/guide/hosts.md";
const FOLDER: &str = "conformance-tests/hosts";
/// What the page has in the place of the path and the URL of the user's server.
const PATH: &str = "/path/to/calculator/target/release/calculator";
const URL: &str = "http://127.0.0.1:8080/mcp";
/// What stands for the URL of the model in the arguments and variables of a host.
const MODEL: &str = "MODEL";
/// Time in which a command of a host must end.
const COMMAND: Duration = Duration::from_secs(60);
/// What a host is asked. The model does not read it.
const PROMPT: &str = "calculate";

/// The capabilities of clients, as the page names those of a host.
const CAPABILITIES: [&str; 3] = ["elicitation", "roots", "sampling"];

/// A host that is installed, and how it works without a user.
struct Host {
    program: &'static str,
    package: &'static str,
    /// What `mcp list` says of a server. Codex does not connect to it.
    listed: &'static str,
    /// The arguments with which it asks its model.
    ask: &'static [&'static str],
    variables: &'static [(&'static str, &'static str)],
    /// Files in its home folder: what a user agrees to once.
    files: &'static [(&'static str, &'static str)],
}

const HOSTS: [Host; 3] = [
    Host {
        program: "claude",
        package: "@anthropic-ai/claude-code",
        listed: "Connected",
        ask: &["-p", PROMPT, "--allowedTools", "mcp__calculator"],
        variables: &[
            ("ANTHROPIC_BASE_URL", MODEL),
            ("ANTHROPIC_API_KEY", "none"),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
        ],
        files: &[],
    },
    Host {
        program: "gemini",
        package: "@google/gemini-cli",
        listed: "Connected",
        ask: &["-p", PROMPT, "-m", "gemini-2.5-flash", "--approval-mode", "yolo"],
        variables: &[("GOOGLE_GEMINI_BASE_URL", MODEL), ("GEMINI_API_KEY", "none")],
        files: &[
            (".gemini/trustedFolders.json", r#"{"HOME/project": "TRUST_FOLDER"}"#),
            (
                ".gemini/settings.json",
                r#"{"security": {"auth": {"selectedType": "gemini-api-key"}}}"#,
            ),
        ],
    },
    Host {
        program: "codex",
        package: "@openai/codex",
        listed: "enabled",
        // Without approvals, it calls tools that are `read_only`.
        ask: &[
            "exec",
            "--skip-git-repo-check",
            "-c",
            "model=none",
            "-c",
            "model_provider=here",
            "-c",
            "model_providers.here.name=here",
            "-c",
            "model_providers.here.base_url=MODEL",
            "-c",
            "model_providers.here.wire_api=responses",
            PROMPT,
        ],
        variables: &[],
        files: &[],
    },
];

/// The first servers of the guide, and where the one over HTTP listens.
pub(crate) struct Servers {
    pub(crate) stdio: PathBuf,
    pub(crate) http: PathBuf,
    pub(crate) address: SocketAddr,
    /// A server over standard streams whose tools have unusual schemas, in the dialect of its
    /// argument.
    pub(crate) dialects: PathBuf,
}

/// A call that a host makes for its model.
struct Call {
    tool: &'static str,
    arguments: &'static str,
    /// A part of the result, with whole numbers as integers.
    result: &'static str,
}

/// The arguments of the server with unusual schemas.
const DIALECTS: [&str; 3] = ["as-written", "strict", "flat"];

/// The tools of the server with unusual schemas.
const TOOLS: [&str; 12] = [
    "constraints",
    "defaults",
    "enums",
    "flattened",
    "maps",
    "nested",
    "nothing",
    "recursive",
    "shape",
    "tuples",
    "untyped",
    "variants",
];

/// Tools that a host does not offer to its model in a dialect, and those that no host offers.
const HIDDEN: [(&str, &str, &str); 4] = [
    // Their arguments are alternatives.
    ("claude", "as-written", "flattened"),
    ("claude", "as-written", "shape"),
    // The server does not have it in these.
    ("", "strict", "recursive"),
    ("", "flat", "recursive"),
];

/// Has fractions, so that the result is of these arguments alone.
const STDIO: Call = Call {
    tool: "divide",
    arguments: r#"{"dividend":7.5,"divisor":2}"#,
    result: r#"{"quotient":3,"remainder":1.5}"#,
};
const HTTP: Call = Call { tool: "add", arguments: r#"{"a":40017,"b":2}"#, result: "40019" };

/// Adds the servers to all hosts, as the page says, and calls a tool of each. Returns why the hosts
/// cannot be had.
pub(crate) fn connect(servers: &Servers, folder: &Path) -> Result<Option<String>, String> {
    if let Some(reason) = missing()? {
        return Ok(Some(reason));
    }
    let page = read(&repository::root().join(PAGE))?;
    let commands = commands(&page);
    if commands.len() != 2 * HOSTS.len() {
        return Err(format!("{PAGE} should add a server twice to {} hosts", HOSTS.len()));
    }
    let _http = Listening::start(&mut Command::new(&servers.http), servers.address)?;
    for (host, arguments) in commands {
        if arguments.contains(URL) {
            let arguments = arguments.replace(URL, &format!("http://{}/mcp", servers.address));
            add_and_call(host, &arguments, folder, &HTTP)?;
        } else {
            let record = folder.join("record");
            write(&record, "")?;
            let program = script(folder, &format!("tee -a {record:?} | {:?}", servers.stdio))?;
            add_and_call(host, &arguments.replace(PATH, &program), folder, &STDIO)?;
            check_record(host, &read(&record)?, &page)?;
            for dialect in DIALECTS {
                let program = script(folder, &format!("exec {:?} {dialect}", servers.dialects))?;
                check_dialect(host, &arguments.replace(PATH, &program), folder, dialect)?;
            }
        }
    }
    Ok(None)
}

/// Adds a server with the arguments of the page, looks for it in the list of the host, and has the
/// model call a tool.
fn add_and_call(host: &Host, arguments: &str, folder: &Path, call: &Call) -> Result<(), String> {
    let session = Session::open(host, folder, call.tool, call.arguments)?;
    session.run(&arguments.split_whitespace().collect::<Vec<_>>())?;
    let Host { program, .. } = host;
    let listed = session.run(&["mcp", "list"])?;
    let listed = listed.stdout + &listed.stderr;
    if !listed.contains(host.listed) {
        return Err(format!("after `{program} {arguments}`, {program} reports:\n{listed}"));
    }
    let limited::Printed { stdout, stderr } = session.run(host.ask)?;
    // Claude Code writes the numbers of a structured result as JavaScript does.
    let said = stdout.replace(".0", "");
    if !said.split_once("The tool says: ").is_some_and(|(_, text)| text.contains(call.result)) {
        return Err(format!(
            "after `{program} {arguments}`, the model should receive {} from `{}`; {program} \
             prints:\n{stdout}{stderr}",
            call.result, call.tool
        ));
    }
    eprintln!("{program} {arguments}: {} was called with {}", call.tool, call.arguments);
    Ok(())
}

/// Checks which tools of a server with unusual schemas a host offers to its model.
fn check_dialect(host: &Host, arguments: &str, folder: &Path, dialect: &str) -> Result<(), String> {
    let Host { program, .. } = host;
    let session = Session::open(host, folder, "none", "{}")?;
    session.run(&arguments.split_whitespace().collect::<Vec<_>>())?;
    let limited::Printed { stdout, stderr } = session.run(host.ask)?;
    let is_offered = |tool: &&str| {
        let is_hidden = |(in_host, in_dialect, hidden): &(&str, &str, &str)| {
            ["", program].contains(in_host) && *in_dialect == dialect && hidden == tool
        };
        !HIDDEN.iter().any(is_hidden)
    };
    let tools: Vec<&str> = TOOLS.into_iter().filter(is_offered).collect();
    let expected = format!("The tools of calculator are {}.", tools.join(" "));
    if !stdout.contains(&expected) {
        return Err(format!(
            "schemas {dialect}: {program} should say: {expected}\n{program} prints:\n\
             {stdout}{stderr}"
        ));
    }
    eprintln!("{program}, schemas {dialect}: {} tools", tools.len());
    Ok(())
}

/// A host with a model, in a new home folder.
struct Session<'a> {
    host: &'a Host,
    home: PathBuf,
    model: SocketAddr,
    _model: Listening,
}

impl<'a> Session<'a> {
    /// Prepares a host whose model calls a tool.
    fn open(host: &'a Host, folder: &Path, tool: &str, arguments: &str) -> Result<Self, String> {
        let home = folder.join("home");
        create(&home)?;
        create(&home.join("project"))?;
        for (path, text) in host.files {
            let path = home.join(path);
            let parent = path.parent().unwrap_or(&home);
            std::fs::create_dir_all(parent)
                .map_err(|error| format!("{}: {error}", parent.display()))?;
            write(&path, &text.replace("HOME", &home.to_string_lossy()))?;
        }
        let address = free_address()?;
        let mut model = Command::new("node");
        model.arg(repository::root().join(FOLDER).join("model.mjs"));
        model.arg(address.port().to_string()).args([tool, arguments]);
        let started = Listening::start(&mut model, address)?;
        Ok(Self { host, home, model: address, _model: started })
    }

    /// Runs the host without the variables of this process.
    fn run(&self, arguments: &[&str]) -> Result<limited::Printed, String> {
        let programs = repository::root().join(FOLDER).join("node_modules/.bin");
        let with_model = |text: &str| text.replace(MODEL, &format!("http://{}", self.model));
        let mut command = Command::new(programs.join(self.host.program));
        command.env_clear().env("HOME", &self.home).current_dir(self.home.join("project"));
        // A proxy that does not exist, so that nothing leaves this machine.
        command.env("HTTPS_PROXY", "http://127.0.0.1:9").env("HTTP_PROXY", "http://127.0.0.1:9");
        command.env("NO_PROXY", "127.0.0.1");
        command.envs(self.host.variables.iter().map(|(name, value)| (name, with_model(value))));
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        limited::run(command.args(arguments.iter().map(|argument| with_model(argument))), COMMAND)
    }
}

/// Writes a program that runs a line of the shell. Returns its path.
fn script(folder: &Path, line: &str) -> Result<String, String> {
    let program = folder.join("script");
    write(&program, &format!("#!/bin/sh\n{line}\n"))?;
    limited::run(Command::new("chmod").arg("+x").arg(&program), COMMAND)?;
    Ok(program.to_string_lossy().into_owned())
}

/// Checks what a server received from a host, and what the page says of it.
fn check_record(host: &Host, record: &str, page: &str) -> Result<(), String> {
    let called = record.lines().any(|line| {
        line.contains(&format!("\"name\":\"{}\"", STDIO.tool))
            && line.contains(&format!("\"arguments\":{}", STDIO.arguments))
    });
    // The last one: Gemini CLI lists servers with another client.
    let handshake = record.lines().rfind(|line| line.contains("\"method\":\"initialize\""));
    let row = handshake.and_then(row);
    match row {
        Some(row) if called && page.contains(&row) => Ok(()),
        Some(row) if called => Err(format!("{PAGE} should have for {}: {row}", host.program)),
        _ => Err(format!("the server received from {}:\n{record}", host.program)),
    }
}

/// Returns the cells of the page for a request `initialize`: the name of the client, its revision
/// and its capabilities.
fn row(request: &str) -> Option<String> {
    let after = |text: &str, key: &str| {
        let value = text.split_once(&format!("\"{key}\":\""))?.1;
        value.split_once('"').map(|(value, _)| value.to_owned())
    };
    let (_, client) = request.split_once("\"clientInfo\":")?;
    let has = |capability: &&str| request.contains(&format!("\"{capability}\":"));
    let capabilities: Vec<&str> = CAPABILITIES.into_iter().filter(has).collect();
    let (name, revision) = (after(client, "name")?, after(request, "protocolVersion")?);
    Some(format!("| `{name}` | {revision} | {} |", capabilities.join(", ")))
}

/// Returns the commands of the page that add the server, as the host and its arguments.
fn commands(page: &str) -> Vec<(&'static Host, &str)> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("$ "));
    let commands = lines.filter_map(|line| line.split_once(' '));
    let adding = commands.filter(|(_, arguments)| arguments.starts_with("mcp add"));
    let host = |name: &str| HOSTS.iter().find(|host| host.program == name);
    adding.filter_map(|(name, arguments)| Some((host(name)?, arguments))).collect()
}

/// Returns why the hosts cannot run here.
fn missing() -> Result<Option<String>, String> {
    if limited::run(Command::new("node").arg("--version"), COMMAND).is_err() {
        return Ok(Some("the hosts need Node 20, and node does not start".to_owned()));
    }
    let folder = repository::root().join(FOLDER);
    let pins = read(&folder.join("package.json"))?;
    for Host { package, program, .. } in &HOSTS {
        let version = pinned(&pins, package)?;
        let installed = read(&folder.join("node_modules").join(package).join("package.json"));
        let is_current =
            installed.is_ok_and(|text| text.contains(&format!("\"version\": \"{version}\"")));
        if !is_current || !folder.join("node_modules/.bin").join(program).exists() {
            let remedy = format!("npm ci --prefix {FOLDER}");
            return Ok(Some(format!("{package} {version} is not installed: {remedy}")));
        }
    }
    Ok(None)
}

/// Returns the version of a package in the text of `package.json`.
fn pinned<'a>(text: &'a str, package: &str) -> Result<&'a str, String> {
    let version = text.split_once(&format!("\"{package}\": \"")).map(|(_, rest)| rest);
    let version = version.and_then(|rest| rest.split_once('"')).map(|(version, _)| version);
    version.ok_or_else(|| format!("{FOLDER}/package.json does not have {package}"))
}

#[test]
fn commands_that_add_a_server_are_found() {
    let page = "$ claude mcp add a -- /a\n$ claude mcp list\n$ goose mcp add b\ntext mcp add\n";
    let found = commands(page);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].0.program, found[0].1), ("claude", "mcp add a -- /a"));
}

#[test]
fn the_row_of_a_handshake_names_client_revision_and_capabilities() {
    let request = r#"{"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{"roots":{},"elicitation":{}},"clientInfo":{"title":"A","name":"a"}},"jsonrpc":"2.0","id":0}"#;
    assert_eq!(row(request).unwrap(), "| `a` | 2025-11-25 | elicitation, roots |");
    assert_eq!(row("{}"), None);
}

#[test]
fn the_page_names_the_versions_that_are_installed() {
    let page = read(&repository::root().join(PAGE)).unwrap();
    let pins = read(&repository::root().join(FOLDER).join("package.json")).unwrap();
    for host in &HOSTS {
        let version = pinned(&pins, host.package).unwrap();
        assert!(page.contains(&format!("({version})")), "{} {version}", host.package);
    }
}
