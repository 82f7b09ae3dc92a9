//! Servers of a configuration file that are started: in parallel, and whatever the others do.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use mcp_client::config::{ConfigErrorKind, HostConfig, StartedGroup};
use mcp_client::group::{Freshness, GroupEvent, ResultBudget, ServerState};
use mcp_client::types::Content;
use mcp_client::{ClientGroup, ErrorKind, Revision};
use mcp_test_support::soon;
use serde_json::{Value, json};

/// A server in shell. The texts of a file cannot hold its `${…}`.
const SERVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/client/config/server.sh");

fn server(era: &str, more: Value) -> Value {
    let mut entry = json!({
        "command": "/bin/sh",
        "args": [SERVER, "name"],
        "env": {"ERA": era, "SECRET": "none"},
    });
    for (name, value) in more.as_object().unwrap() {
        entry[name] = value.clone();
    }
    entry
}

fn config(servers: &Value) -> HostConfig {
    HostConfig::parse(&json!({ "mcpServers": servers }).to_string()).unwrap()
}

/// Waits until all servers that are named have listed their tools.
async fn listed(started: &StartedGroup, servers: &[&str]) {
    let done = async {
        loop {
            let known = started.group.known_tools();
            let has = |name: &&str| {
                known
                    .iter()
                    .any(|it| &*it.server == *name && matches!(it.freshness, Freshness::Listed(_)))
            };
            if servers.iter().all(has) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(done).await;
}

#[tokio::test]
async fn servers_of_both_eras_start_though_others_hang_and_fail() {
    let config = config(&json!({
        "hung": {"command": "/bin/sleep", "args": ["1000"]},
        "missing": {"command": "/nonexistent/server"},
        "off": {"command": "x", "disabled": true},
        "modern": server("modern", json!({})),
        "legacy": server("legacy", json!({"cwd": "/"})),
        "no variable": {"command": "${NONE}"},
    }));
    let started = ClientGroup::from_config(&config)
        .variables(|_| None)
        .server_timeout_of("hung", Duration::from_millis(300))
        .start()
        .await;
    let [error] = &started.failed[..] else { panic!("{:?}", started.failed) };
    assert_eq!((error.kind(), error.server()), (ConfigErrorKind::Variable, Some("no variable")));
    assert_eq!(error.pointer(), "/mcpServers/no variable/command");
    let names: Vec<_> = started.group.servers().iter().map(|it| it.name.to_string()).collect();
    assert_eq!(names, ["hung", "legacy", "missing", "modern"]);

    // The tools are known as soon as their servers have answered; nothing waits for the others.
    listed(&started, &["modern", "legacy"]).await;
    for (name, revision) in [("modern", Revision::V2026_07_28), ("legacy", Revision::V2025_11_25)] {
        assert_eq!(started.group.client(name).await.unwrap().revision(), revision);
        let reply = started.group.call_tool(&format!("{name}__show"), &json!({})).await.unwrap();
        assert!(reply.text().starts_with("none name "), "{}", reply.text());
    }
    let at_root = started.group.call_tool("legacy__show", &json!({})).await.unwrap();
    assert_eq!(at_root.text(), "none name  /");

    // The other ones say what is wrong.
    let reason = async |name: &str, text: &str| {
        let waits = async {
            loop {
                let servers = started.group.servers();
                let server = servers.iter().find(|it| &*it.name == name).unwrap();
                if let ServerState::Lost { reason, .. } = &server.state {
                    assert!(reason.contains(text), "{reason}");
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon(waits).await;
    };
    reason("missing", "/nonexistent/server could not be started").await;
    reason("hung", "was not connected within 300ms").await;
    reason("hung", "the client was waiting for the server to say what it is").await;
    reason("hung", "`ConfigGroup::server_timeout` sets the time").await;
    let unknown = started.group.known_tools();
    let hung = unknown.iter().find(|it| &*it.server == "hung").unwrap();
    assert_eq!((hung.tools.len(), hung.freshness), (0, Freshness::Unknown));
    started.group.close().await;
}

#[tokio::test]
async fn a_server_whose_tools_always_change_is_listed_once_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("lists");
    let changing = server("legacy", json!({"env": {"ERA": "legacy", "LOG": log}}));
    let begun = std::time::Instant::now();
    let started = ClientGroup::from_config(&config(&json!({ "changing": changing }))).start().await;
    let three_lists = async {
        while std::fs::read_to_string(&log).unwrap_or_default().lines().count() < 3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(three_lists).await;
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    started.group.close().await;
}

#[tokio::test]
async fn variables_and_inputs_reach_the_server_and_no_message() {
    let text = json!({
        "inputs": [{"type": "promptString", "id": "token", "description": "the token"}],
        "servers": {
            "asks": server("modern", json!({
                "args": [SERVER, "${workspaceFolder}", "${input:token}-${input:token}"],
                "env": {"SECRET": "${KEY:-none}"},
            })),
            "asks too": server("modern", json!({"env": {"SECRET": "${input:token}"}})),
            "plain": server("modern", json!({})),
            "command": server("modern", json!({"cwd": "${command:pick}"})),
        },
    });
    let config = HostConfig::parse(&text.to_string()).unwrap();
    // Without a way to ask, the server is not started.
    let started = ClientGroup::from_config(&config).start().await;
    let kinds: Vec<_> = started.failed.iter().map(mcp_client::config::ConfigError::kind).collect();
    let variable = ConfigErrorKind::Variable;
    assert_eq!(kinds, [variable, variable, ConfigErrorKind::Input]);
    drop(started);
    // A user who declines is not asked again for the next server.
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let declined = ClientGroup::from_config(&config)
        .placeholders(|_| Some("/".to_owned()))
        .inputs(move |_| {
            counter.fetch_add(1, Ordering::SeqCst);
            async { None }
        })
        .start()
        .await;
    let [error, other] = &declined.failed[..] else { panic!("{:?}", declined.failed) };
    assert_eq!((error.kind(), other.kind()), (ConfigErrorKind::Input, ConfigErrorKind::Input));
    assert_eq!(error.pointer(), "/servers/asks/args/2");
    assert_eq!(other.pointer(), "/servers/asks too/env/SECRET");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    drop(declined);

    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let started = ClientGroup::from_config(&config)
        .variables(|name| (name == "KEY").then(|| "CANARY".to_owned()))
        .placeholders(|unknown| match unknown.name.as_str() {
            "workspaceFolder" => Some("/path/to/project".to_owned()),
            "command:pick" => Some("/".to_owned()),
            _ => None,
        })
        .inputs(move |input| {
            assert_eq!(input.description.as_deref(), Some("the token"));
            counter.fetch_add(1, Ordering::SeqCst);
            async { Some("t0k3n".to_owned()) }
        })
        .start()
        .await;
    assert!(started.failed.is_empty(), "{:?}", started.failed);
    assert_eq!(asked.load(Ordering::SeqCst), 1, "once for an input");
    let reply = started.group.call_tool("asks__show", &json!({})).await.unwrap();
    assert!(reply.text().starts_with("CANARY /path/to/project t0k3n-t0k3n "), "{}", reply.text());
    let shown = format!("{started:?} {config:?}");
    assert!(!shown.contains("CANARY") && !shown.contains("t0k3n"), "{shown}");
    started.group.close().await;
}

#[tokio::test]
async fn tools_are_known_before_servers_are_connected() {
    let servers = json!({
        "notes": server("modern", json!({})),
        "other": server("modern", json!({})),
    });
    let first = ClientGroup::from_config(&config(&servers)).start().await;
    listed(&first, &["notes", "other"]).await;
    let remembered = serde_json::to_string(&first.remembered_tools()).unwrap();
    first.group.close().await;

    // The next process has them at once; a server that is another one by now has none.
    let mut servers = servers;
    servers["notes"]["command"] = "/bin/sleep".into();
    servers["notes"]["args"] = json!(["1000"]);
    // Values of variables do not count.
    servers["other"]["env"]["SECRET"] = "another".into();
    let next = ClientGroup::from_config(&config(&servers))
        .remembered(serde_json::from_str(&remembered).unwrap())
        .start()
        .await;
    let known = next.group.known_tools();
    assert_eq!((known[0].tools.len(), known[0].freshness), (0, Freshness::Unknown));
    assert_eq!(known[1].tools[0].name, "other__show");
    let Freshness::Remembered(then) = known[1].freshness else { panic!("{:?}", known[1]) };
    assert!(then.elapsed().unwrap() < Duration::from_secs(60));
    // And they are brought up to date.
    listed(&next, &["other"]).await;
    next.group.close().await;
}

#[tokio::test]
async fn each_client_is_set_up_by_the_host() {
    let config = config(&json!({"notes": server("modern", json!({}))}));
    let started = ClientGroup::from_config(&config)
        .client(|entry, builder| {
            assert_eq!(entry.name(), "notes");
            builder.revision(Revision::V2025_11_25)
        })
        .start()
        .await;
    let client = started.group.client("notes").await.unwrap();
    assert_eq!(client.revision(), Revision::V2025_11_25);
    // A server that ends is started again, in the same way.
    let mut events = started.group.notifications();
    let pid = client.child_id().unwrap();
    drop(client);
    let killed = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
    assert!(killed.unwrap().success());
    let again = async {
        while let Some(event) = events.next().await {
            if matches!(event, GroupEvent::Connected { .. }) {
                return;
            }
        }
    };
    soon(again).await;
    assert_ne!(started.group.client("notes").await.unwrap().child_id(), Some(pid));
    started.group.close().await;
}

#[tokio::test]
async fn a_result_beyond_the_budget_is_refused_cut_or_kept() {
    let config = config(&json!({"notes": server("modern", json!({}))}));
    let call = async |budget: ResultBudget| {
        let group = ClientGroup::builder().result_budget(budget);
        let started = ClientGroup::from_config(&config).group(group).start().await;
        let small = started.group.call_tool("notes__show", &json!({})).await.unwrap();
        assert!(small.text().starts_with("none"));
        let reply = started.group.call_tool("notes__show", &json!({"large": true})).await.unwrap();
        (started.group, reply)
    };
    let (_, refused) = call(ResultBudget::refuse(1_024)).await;
    assert_eq!(refused.is_error, Some(true));
    assert!(refused.text().contains("the limit is 1024 bytes; ask for less"), "{}", refused.text());

    let (_, cut) = call(ResultBudget::cut(1_024)).await;
    assert!(cut.is_error.is_none());
    assert!(cut.text().starts_with("000") && cut.text().contains("[cut: the result has 20"));
    assert!(serde_json::to_string(&cut).unwrap().len() <= 1_024);

    let (group, kept) = call(ResultBudget::spill(1_024)).await;
    let [_, Content::ResourceLink(link)] = &kept.content[..] else { panic!("{kept:?}") };
    let read = group.read_resource("notes", &link.uri).await.unwrap();
    let text = serde_json::to_value(&read).unwrap()["contents"][0]["text"].clone();
    assert_eq!(text, "0".repeat(2_000));
    // It belongs to its server.
    let error = group.read_resource("other", &link.uri).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    group.close().await;
}

#[tokio::test]
async fn a_server_that_does_not_list_its_tools_keeps_no_other_one_after_the_group() {
    let servers =
        json!({"notes": server("modern", json!({})), "silent": server("silent", json!({}))});
    let group = ClientGroup::builder().list_timeout(Duration::from_secs(1_000));
    let started = ClientGroup::from_config(&config(&servers)).group(group).start().await;
    listed(&started, &["notes"]).await;
    started.group.client("silent").await.unwrap();
    let pid = started.group.client("notes").await.unwrap().child_id().unwrap().to_string();
    tokio::task::yield_now().await;
    drop(started);
    let ends = async {
        loop {
            let mut probe = std::process::Command::new("kill");
            let probe = probe.args(["-0", &pid]).stderr(std::process::Stdio::null()).status();
            if !probe.unwrap().success() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    soon(ends).await;
}
