//! Servers as child processes: what they get, how they end, and that none is left.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mcp_client::{ChildCommand, Client, ErrorKind, Revision};
use serde_json::json;

/// A modern server in shell, which answers `server/discover` and nothing else.
const MODERN: &str = r#"
answer() {
  id=${line#*\"id\":}; id=${id%%,*}
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"
}
serve() {
  while IFS= read -r line; do
    case $line in
      *'"server/discover"'*) answer '{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{}}' ;;
      *'"exit"'*) echo 'goodbye, cruel world' >&2; exit 7 ;;
      *'"crash"'*) kill -9 $$ ;;
      *'"tools/call"'*'"name":"hi"'*) answer '{"content":[{"type":"text","text":"hi"}]}' ;;
    esac
  done
}
"#;

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("{MODERN}\n{script}"));
    command
}

fn quick(command: Command) -> ChildCommand {
    ChildCommand::from(command)
        .eof_patience(Duration::from_millis(50))
        .term_patience(Duration::from_millis(50))
}

/// The state letter of a process, `None` when it is gone.
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Alive, or a zombie of ours. A zombie that init has inherited is init's to reap.
fn is_left(pid: u32) -> bool {
    match state(pid) {
        None => false,
        Some('Z') => {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let parent = stat
                .rsplit_once(") ")
                .and_then(|(_, rest)| rest.split(' ').nth(1))
                .map(str::to_owned);
            parent == Some(std::process::id().to_string())
        }
        Some(_) => true,
    }
}

fn wait_until_gone(pids: &[u32]) {
    let deadline = Instant::now() + Duration::from_secs(5);
    for pid in pids {
        while is_left(*pid) {
            assert!(Instant::now() < deadline, "process {pid} is left: {:?}", state(*pid));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The process ids that a script wrote to a file, one a line.
fn pids(file: &Path) -> Vec<u32> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| line.trim().parse().unwrap()).collect()
}

/// A shell that ignores SIGTERM, with a child in the background that ignores it too and never reads.
fn stubborn(file: &Path) -> Command {
    let mut command = shell(
        r#"
        trap '' TERM
        echo $$ >> "$PIDS"
        sh -c 'trap "" TERM; echo $$ >> "$PIDS"; echo; exec sleep 1000' | read -r _ &
        sh -c 'trap "" TERM; echo $$ >> "$PIDS"; while :; do sleep 1000; done' </dev/null &
        serve
        while :; do sleep 1000; done
        "#,
    );
    command.env("PIDS", file);
    command
}

async fn stubborn_client(dir: &tempfile::TempDir) -> (Client, std::path::PathBuf) {
    let file = dir
        .path()
        .join(format!("pids-{:?}", Instant::now()).replace(|c: char| !c.is_alphanumeric(), "-"));
    let client = Client::connect_command(quick(stubborn(&file))).await.unwrap();
    while pids(&file).len() < 3 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    (client, file)
}

#[tokio::test]
async fn a_child_is_called_and_exits_when_its_input_is_closed() {
    let client = Client::connect_command(shell("serve; exit 3")).await.unwrap();
    assert_eq!(client.revision(), Revision::V2026_07_28);
    assert_eq!(client.call_tool("hi", &()).await.unwrap().text(), "hi");
    assert_eq!(client.exit_status(), None);
    assert_eq!(client.close().await.unwrap().code(), Some(3));
    assert_eq!(client.exit_status().unwrap().code(), Some(3));
    assert_eq!(client.call_tool("hi", &()).await.unwrap_err().kind(), ErrorKind::Transport);
}

#[tokio::test]
async fn tokio_commands_will_do_too() {
    let command = tokio::process::Command::from(shell("serve"));
    let client = Client::connect_command(command).await.unwrap();
    assert!(client.close().await.unwrap().success());
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let error = Client::connect_command(Command::new("/no/such/program")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Spawn);
    assert!(error.to_string().contains("/no/such/program"), "{error}");
}

#[tokio::test]
async fn the_environment_is_an_allow_list_and_what_is_added() {
    let environment = async |configure: fn(ChildCommand) -> ChildCommand, command: Command| {
        let lines = Arc::new(Mutex::new(HashMap::new()));
        let seen = Arc::clone(&lines);
        let command = configure(command.into()).on_stderr(move |line| {
            if let Some((name, value)) = line.split_once('=') {
                seen.lock().unwrap().insert(name.to_owned(), value.to_owned());
            }
        });
        let client = Client::connect_command(command).await.unwrap();
        client.close().await;
        while !lines.lock().unwrap().contains_key("THE_END") {
            tokio::task::yield_now().await;
        }
        Arc::try_unwrap(lines)
            .map(|lines| lines.into_inner().unwrap())
            .unwrap_or_else(|lines| lines.lock().unwrap().clone())
    };
    let mut command = shell("env >&2; echo THE_END=1 >&2; serve");
    command.env("ADDED", "1").env_remove("TERM").env("HOME", "/elsewhere");
    let child = environment(|command| command, command).await;
    assert_eq!(child.get("ADDED").map(String::as_str), Some("1"));
    assert_eq!(child.get("HOME").map(String::as_str), Some("/elsewhere"));
    assert_eq!(child.get("PATH"), std::env::var("PATH").ok().as_ref());
    assert!(!child.contains_key("TERM"));
    // Variables that the shell sets by itself.
    let own = ["PWD", "OLDPWD", "SHLVL", "_", "THE_END", "ADDED"];
    let allowed = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER"];
    let others: Vec<&String> = child
        .keys()
        .filter(|name| !own.contains(&name.as_str()) && !allowed.contains(&name.as_str()))
        .collect();
    assert!(others.is_empty(), "{others:?}");

    // Under cargo there are many variables that no server needs to know.
    let (secret, value) = std::env::vars()
        .find(|(name, value)| {
            !allowed.contains(&&**name) && !own.contains(&&**name) && !value.contains('\n')
        })
        .expect("cargo sets variables for the tests that it runs");
    let command = shell("env >&2; echo THE_END=1 >&2; serve");
    let child = environment(|command| command.inherit_env(true), command).await;
    assert_eq!(child.get(&secret), Some(&value));
}

#[tokio::test]
async fn a_flood_on_stderr_does_not_block() {
    let bytes = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = Arc::clone(&bytes);
    let script = "head -c 20000000 /dev/zero | tr '\\0' 'x' >&2; serve";
    let command = ChildCommand::from(shell(script)).on_stderr(move |line| {
        count.fetch_add(line.len(), std::sync::atomic::Ordering::Relaxed);
    });
    let client = Client::connect_command(command).await.unwrap();
    assert_eq!(client.call_tool("hi", &()).await.unwrap().text(), "hi");
    client.close().await;
    assert!(bytes.load(std::sync::atomic::Ordering::Relaxed) <= 8 << 10);
}

#[tokio::test]
async fn how_the_server_ended_is_in_the_error() {
    for (method, expected) in [("exit", "exit status: 7"), ("crash", "signal: 9")] {
        let client = Client::connect_command(shell("serve")).await.unwrap();
        let error = client.call_tool(method, &()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        let reason = error.transport().unwrap().to_string();
        assert!(reason.contains(expected), "{reason}");
        if method == "exit" {
            assert!(reason.contains("goodbye, cruel world"), "{reason}");
        }
        // So do later calls.
        let later = client.call_tool("hi", &()).await.unwrap_err();
        assert!(later.transport().unwrap().to_string().contains(expected), "{later:?}");
    }
}

#[tokio::test]
async fn a_legacy_child_that_dies_of_the_probe_is_started_again() {
    let script = r#"
        IFS= read -r line
        case $line in *'"initialize"'*) ;; *) exit 1 ;; esac
        answer '{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{"name":"old","version":"1"}}'
        while IFS= read -r line; do
          case $line in *'"ping"'*) answer '{}' ;; esac
        done
    "#;
    let client = Client::connect_command(shell(script)).await.unwrap();
    assert_eq!(client.revision(), Revision::V2025_03_26);
    client.ping().await.unwrap();
    client.close().await;

    // One that refuses the probe first and dies then.
    let polite = script.replacen(
        "exit 1",
        r#"id=${line#*\"id\":}; id=${id%%,*}
        printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32600,"message":"no"}}\n' "$id"; exit 1"#,
        1,
    );
    let client = Client::connect_command(shell(&polite)).await.unwrap();
    assert_eq!(client.revision(), Revision::V2025_03_26);

    // One that always dies.
    let error = Client::connect_command(shell("exit 5")).await.unwrap_err();
    assert!(error.transport().unwrap().to_string().contains("exit status: 5"), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_pending_calls_end_when_the_server_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let mut command = shell(r#"echo $$ > "$PIDS"; serve"#);
    command.env("PIDS", &file);
    let client = Client::connect_command(command).await.unwrap();
    let calls: Vec<_> = (0..1_000)
        .map(|n| tokio::spawn(client.call_tool("none", &json!({ "n": n })).into_future()))
        .collect();
    // All of them are on their way when this one is answered.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(client.call_tool("hi", &()).await.unwrap().text(), "hi");
    let pid = pids(&file)[0];
    let killed = Instant::now();
    Command::new("kill").arg("-9").arg(pid.to_string()).status().unwrap();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert!(error.transport().unwrap().to_string().contains("signal: 9"), "{error:?}");
    }
    assert!(killed.elapsed() < Duration::from_millis(500), "{:?}", killed.elapsed());
    wait_until_gone(&[pid]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapper_that_is_killed_takes_the_server_with_it() {
    // The wrapper stays; what it started holds the pipes.
    let script = "echo $$ >> \"$PIDS\"; (serve) & wait";
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    // A background job of a shell has no input unless it is told so.
    let mut command = shell(&format!("exec 3<&0; {}", script.replace("(serve)", "(serve) <&3")));
    command.env("PIDS", &file);
    let client = Client::connect_command(command).await.unwrap();
    let call = tokio::spawn(client.call_tool("none", &()).into_future());
    tokio::time::sleep(Duration::from_millis(20)).await;
    let killed = Instant::now();
    Command::new("kill").arg("-9").arg(pids(&file)[0].to_string()).status().unwrap();
    let error = call.await.unwrap().unwrap_err();
    assert!(error.transport().unwrap().to_string().contains("signal: 9"), "{error:?}");
    assert!(killed.elapsed() < Duration::from_millis(500), "{:?}", killed.elapsed());
}

#[tokio::test]
async fn the_ladder_ends_with_sigkill_for_the_whole_group() {
    let dir = tempfile::tempdir().unwrap();
    let (client, file) = stubborn_client(&dir).await;
    let processes = pids(&file);
    assert!(processes.iter().all(|pid| is_left(*pid)));
    let status = client.close().await.unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    wait_until_gone(&processes);
}

#[tokio::test]
async fn a_child_that_heeds_sigterm_gets_no_further() {
    let script = "trap 'exit 9' TERM; serve; while :; do sleep 0.01; done";
    let command = ChildCommand::from(shell(script)).eof_patience(Duration::from_millis(20));
    let client = Client::connect_command(command).await.unwrap();
    assert_eq!(client.close().await.unwrap().code(), Some(9));
}

#[test]
fn dropping_the_client_outside_of_a_runtime_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let new = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    // The runtime is gone first.
    let runtime = new();
    let (client, file) = runtime.block_on(stubborn_client(&dir));
    drop(runtime);
    drop(client);
    wait_until_gone(&pids(&file));

    // The runtime is there, but nobody drives it.
    let runtime = new();
    let (client, file) = runtime.block_on(stubborn_client(&dir));
    drop(client);
    wait_until_gone(&pids(&file));
    drop(runtime);
}

#[tokio::test]
async fn giving_up_while_connecting_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let mut command = shell(r#"echo $$ > "$PIDS"; while :; do sleep 1000; done"#);
    command.env("PIDS", &file);
    let connect = Client::connect_command(command);
    assert!(tokio::time::timeout(Duration::from_millis(200), connect).await.is_err());
    wait_until_gone(&pids(&file));
}

#[tokio::test]
async fn descriptors_are_not_shared_between_children() {
    let first = Client::connect_command(shell("serve")).await.unwrap();
    let second = Client::connect_command(shell("serve")).await.unwrap();
    let begun = Instant::now();
    assert!(first.close().await.unwrap().success());
    assert!(begun.elapsed() < Duration::from_secs(1), "it saw the end of its input");
    assert_eq!(second.call_tool("hi", &()).await.unwrap().text(), "hi");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_cycles_leave_no_zombie_and_no_orphan() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let mut all = Vec::new();
    for _ in 0..25 {
        let cycles = (0..8).map(|number| {
            let dir = Arc::clone(&dir);
            async move {
                let (client, file) = stubborn_client(&dir).await;
                if number % 2 == 0 {
                    assert!(client.close().await.is_some());
                } else {
                    drop(client);
                }
                pids(&file)
            }
        });
        all.extend(futures::future::join_all(cycles).await.into_iter().flatten());
    }
    assert_eq!(all.len(), 600);
    tokio::task::spawn_blocking(move || wait_until_gone(&all)).await.unwrap();
}
