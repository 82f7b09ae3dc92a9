//! Servers as child processes: what they get, how they end, and that none is left.

use std::collections::HashMap;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use mcp_client::{ChildCommand, Client, Error, ErrorKind, Revision, ToolReply};
use mcp_test_support::soon;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

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
      *'"flood"'*) head -c 2000000 /dev/zero | tr '\0' 'x' >&2; printf '\nthe last words\n' >&2; exit 7 ;;
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
        .exit_timeout(Duration::from_millis(50))
        .kill_timeout(Duration::from_millis(50))
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

/// Watches processes that are not all children of this one, so there is no event to wait for.
fn wait_until_gone(pids: &[u32]) {
    let deadline = Instant::now() + Duration::from_secs(5);
    for pid in pids {
        while is_left(*pid) {
            assert!(Instant::now() < deadline, "process {pid} is left: {:?}", state(*pid));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// The numbers that a server and its children write to their standard error, one a line.
struct Reports(mpsc::UnboundedReceiver<u32>);

impl Reports {
    fn of(command: impl Into<ChildCommand>) -> (ChildCommand, Self) {
        let (sender, reports) = mpsc::unbounded_channel();
        let command = command.into().on_stderr(move |line| {
            if let Ok(number) = line.trim().parse() {
                let _ = sender.send(number); // The test may be over.
            }
        });
        (command, Self(reports))
    }

    async fn next(&mut self) -> u32 {
        soon(self.0.recv()).await.expect("a report of a child")
    }

    async fn take(&mut self, count: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        for _ in 0..count {
            numbers.push(self.next().await);
        }
        numbers
    }
}

/// A shell that ignores SIGTERM, with a child in the background that ignores it too and never
/// reads. Returns the ids of its three processes.
async fn stubborn_client() -> (Client, Vec<u32>) {
    let command = shell(
        r#"
        trap '' TERM
        echo $$ >&2
        sh -c 'trap "" TERM; echo $$ >&2; echo; exec sleep 1000' | read -r _ &
        sh -c 'trap "" TERM; echo $$ >&2; while :; do sleep 1000; done' </dev/null &
        serve
        while :; do sleep 1000; done
        "#,
    );
    let (command, mut reports) = Reports::of(quick(command));
    let client = Client::connect_command(command).await.unwrap();
    (client, reports.take(3).await)
}

/// A call that was sent and is not answered.
async fn sent(client: &Client, tool: &str, number: usize) -> JoinHandle<Result<ToolReply, Error>> {
    let mut call = client.call_tool(tool, &json!({ "n": number })).into_future();
    assert!((&mut call).now_or_never().is_none());
    tokio::spawn(call)
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

/// Runs a test in a process of its own. True in that process, where the test has to run; false in
/// the one around it, after the test has passed.
fn is_in_own_process(test: &str, environment: &[(&str, &str)]) -> bool {
    const INNER: &str = "MCP_CLIENT_TEST_IN_OWN_PROCESS";
    if std::env::var_os(INNER).is_some() {
        return true;
    }
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("children::{test}")])
        .env(INNER, "1")
        .envs(environment.iter().copied())
        .status()
        .unwrap();
    assert!(status.success());
    false
}

#[tokio::test]
async fn an_exported_shell_function_is_not_passed_on() {
    // The only safe way to change the environment.
    let environment = [("TERM", "() { echo injected; }"), ("USER", "alice")];
    if !is_in_own_process("an_exported_shell_function_is_not_passed_on", &environment) {
        return;
    }
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let command = ChildCommand::from(shell("env >&2; echo THE_END=1 >&2; serve"))
        .on_stderr(move |line| seen.lock().unwrap().push(line.to_owned()));
    let client = Client::connect_command(command).await.unwrap();
    client.close().await;
    while !lines.lock().unwrap().iter().any(|line| line == "THE_END=1") {
        tokio::task::yield_now().await;
    }
    let lines = lines.lock().unwrap();
    assert!(lines.iter().any(|line| line == "USER=alice"), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("injected")), "{lines:?}");
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
    for (method, expected, last) in [
        ("exit", "exit status: 7", "goodbye, cruel world"),
        ("flood", "exit status: 7", "the last words"),
        ("crash", "signal: 9", ""),
    ] {
        let client = Client::connect_command(shell("serve")).await.unwrap();
        let error = client.call_tool(method, &()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        let reason = error.transport().unwrap().to_string();
        assert!(reason.contains(expected) && reason.contains(last), "{reason}");
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

#[tokio::test]
async fn a_bridge_that_refuses_the_handshake_after_the_probe_is_started_again() {
    // It takes its first message for the handshake, and allows no other.
    let script = r#"
        echo $$ >&2
        IFS= read -r line
        refuse() {
          id=${line#*\"id\":}; id=${id%%,*}
          printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32600,"message":"no"}}\n' "$id"
        }
        case $line in
          *'"initialize"'*) answer '{"protocolVersion":"2025-03-26","capabilities":{},"serverInfo":{"name":"b","version":"1"}}' ;;
          *) refuse; while IFS= read -r line; do refuse; done ;;
        esac
        while IFS= read -r line; do case $line in *'"ping"'*) answer '{}' ;; esac; done
    "#;
    let (command, mut reports) = Reports::of(quick(shell(script)));
    let client = Client::connect_command(command).await.unwrap();
    assert_eq!(client.revision(), Revision::V2025_03_26);
    client.ping().await.unwrap();
    let starts = reports.take(2).await;
    client.close().await;
    wait_until_gone(&starts);
    assert!(reports.0.try_recv().is_err(), "two starts");
}

#[test]
fn what_is_printed_of_a_command_holds_no_argument() {
    let mut command = Command::new("server");
    command.args(["--token", "s3cret"]).env("KEY", "s3cret");
    let printed = format!("{:?}", ChildCommand::from(command));
    assert!(printed.contains("server") && !printed.contains("s3cret"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_pending_calls_end_when_the_server_is_killed() {
    let client = Client::connect_command(shell("serve")).await.unwrap();
    let mut calls = Vec::new();
    for number in 0..1_000 {
        calls.push(sent(&client, "none", number).await);
    }
    // The server has them when it answers the next one.
    assert_eq!(client.call_tool("hi", &()).await.unwrap().text(), "hi");
    let pid = client.child_id().unwrap();
    let killed = Instant::now();
    Command::new("kill").arg("-9").arg(pid.to_string()).status().unwrap();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        assert!(error.transport().unwrap().to_string().contains("signal: 9"), "{error:?}");
    }
    assert!(killed.elapsed() < Duration::from_millis(500), "{:?}", killed.elapsed());
    wait_until_gone(&[pid]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrapper_that_is_killed_takes_the_server_with_it() {
    // The wrapper stays; what it started holds the pipes.
    // A background job of a shell has no input unless it is given one.
    let command = shell("exec 3<&0; (serve) <&3 & echo $! >&2; wait");
    let (command, mut reports) = Reports::of(command);
    let client = Client::connect_command(command).await.unwrap();
    let server = reports.next().await;
    let call = sent(&client, "none", 0).await;
    assert_eq!(client.call_tool("hi", &()).await.unwrap().text(), "hi");
    let killed = Instant::now();
    let pid = client.child_id().unwrap();
    Command::new("kill").arg("-9").arg(pid.to_string()).status().unwrap();
    let error = call.await.unwrap().unwrap_err();
    assert!(error.transport().unwrap().to_string().contains("signal: 9"), "{error:?}");
    assert!(killed.elapsed() < Duration::from_millis(500), "{:?}", killed.elapsed());
    wait_until_gone(&[pid, server]);
}

#[tokio::test]
async fn the_ladder_ends_with_sigkill_for_the_whole_group() {
    let (client, processes) = stubborn_client().await;
    assert!(processes.iter().all(|pid| is_left(*pid)));
    let status = client.close().await.unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9));
    wait_until_gone(&processes);
}

#[tokio::test]
async fn a_child_that_heeds_sigterm_gets_no_further() {
    let script = "trap 'exit 9' TERM; serve; while :; do sleep 0.01; done";
    let command = ChildCommand::from(shell(script)).exit_timeout(Duration::from_millis(20));
    let client = Client::connect_command(command).await.unwrap();
    assert_eq!(client.close().await.unwrap().code(), Some(9));
}

#[tokio::test]
async fn a_grandchild_heeds_the_sigterm_that_the_group_gets() {
    // The shell waits for the process below it, which reports that it got the signal.
    let script = r#"
        trap : TERM
        sh -c 'trap "echo 1 >&2; exit" TERM; echo 0 >&2; while :; do sleep 0.01; done' \
            </dev/null >/dev/null &
        below=$!
        serve
        # The signal interrupts the first of them.
        wait $below
        wait $below
    "#;
    let command = ChildCommand::from(shell(script))
        .exit_timeout(Duration::from_millis(20))
        .kill_timeout(Duration::from_secs(60));
    let (command, mut reports) = Reports::of(command);
    let client = Client::connect_command(command).await.unwrap();
    assert_eq!(reports.next().await, 0, "it is ready");
    client.close().await;
    assert_eq!(reports.next().await, 1, "it had its time to end");
}

#[test]
fn dropping_the_client_outside_of_a_runtime_leaves_nothing() {
    let new = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    // The runtime is gone first.
    let runtime = new();
    let (client, processes) = runtime.block_on(stubborn_client());
    drop(runtime);
    drop(client);
    wait_until_gone(&processes);

    // The runtime exists, but no thread drives it.
    let runtime = new();
    let (client, processes) = runtime.block_on(stubborn_client());
    drop(client);
    wait_until_gone(&processes);
    drop(runtime);
}

#[tokio::test]
async fn giving_up_while_connecting_leaves_nothing() {
    let (command, mut reports) = Reports::of(shell("echo $$ >&2; while :; do sleep 1000; done"));
    let pid = tokio::select! {
        client = Client::connect_command(command) => panic!("not expected: {client:?}"),
        pid = reports.next() => pid,
    };
    wait_until_gone(&[pid]);
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
async fn two_hundred_cycles_leave_no_zombie_no_orphan_and_no_descriptor() {
    // Other tests open descriptors too.
    if !is_in_own_process("two_hundred_cycles_leave_no_zombie_no_orphan_and_no_descriptor", &[]) {
        return;
    }
    let descriptors = || std::fs::read_dir("/dev/fd").unwrap().count();
    // The runtime and the handler of signals keep some from the first child on.
    assert!(Client::connect_command(shell("serve")).await.unwrap().close().await.is_some());
    let before = descriptors();
    let mut all = Vec::new();
    for _ in 0..25 {
        let cycles = (0..8).map(|number| async move {
            let (client, processes) = stubborn_client().await;
            if number % 2 == 0 {
                assert!(client.close().await.is_some());
            } else {
                drop(client);
            }
            processes
        });
        all.extend(futures::future::join_all(cycles).await.into_iter().flatten());
    }
    assert_eq!(all.len(), 600);
    tokio::task::spawn_blocking(move || wait_until_gone(&all)).await.unwrap();
    let closed = async {
        while descriptors() > before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(closed).await;
}
