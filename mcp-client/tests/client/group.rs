//! Groups of servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{FutureExt as _, StreamExt as _};
use mcp_client::group::{GroupEvent, Naming, ServerState};
use mcp_client::{Client, ClientGroup, Error, ErrorKind, Event, Limits};
use mcp_test_support::message::text;
use serde_json::{Value, json};
use tokio::task::AbortHandle;
use tokio::time::{Duration, Instant};

use crate::fake::{Ends, Fake};

/// What a server has, and what it says of itself.
#[derive(Clone)]
struct Shelf {
    is_legacy: bool,
    /// It does not answer lists.
    is_silent: bool,
    tools: Vec<String>,
    tells_changes: bool,
    /// It ends so many requests to listen.
    ends: usize,
}

fn shelf(tools: &[&str]) -> Shelf {
    let tools = tools.iter().map(|&tool| tool.to_owned()).collect();
    Shelf { is_legacy: false, is_silent: false, tools, tells_changes: false, ends: 0 }
}

impl Shelf {
    fn capabilities(&self) -> Value {
        json!({"tools": {"listChanged": self.tells_changes}, "prompts": {}, "resources": {}})
    }

    /// Serves until the client leaves.
    async fn serve(mut self, mut fake: Fake) {
        while let Some(request) = fake.maybe_next().await {
            let params = &request["params"];
            let result = match request["method"].as_str().unwrap() {
                "server/discover" if self.is_legacy => {
                    fake.refuse(&request, -32601, Value::Null).await;
                    continue;
                }
                "server/discover" => json!({
                    "resultType": "complete",
                    "supportedVersions": ["2026-07-28"],
                    "capabilities": self.capabilities(),
                    "ttlMs": 0,
                }),
                "initialize" => json!({
                    "protocolVersion": "2025-11-25",
                    "capabilities": self.capabilities(),
                    "serverInfo": {"name": "files", "version": "1"},
                }),
                "tools/list" | "prompts/list" if self.is_silent => continue,
                "tools/list" => {
                    let tool = |name| json!({"name": name, "inputSchema": {"type": "object"}});
                    json!({"tools": self.tools.iter().map(tool).collect::<Vec<_>>()})
                }
                "prompts/list" => {
                    json!({"prompts": self.tools.iter().map(|name| json!({"name": name})).collect::<Vec<_>>()})
                }
                "resources/list" => json!({"resources": [{"uri": "note://1", "name": "1"}]}),
                "tools/call" => text(&format!("called {}", params["name"].as_str().unwrap())),
                "prompts/get" => json!({"description": params["name"], "messages": []}),
                "resources/read" => {
                    json!({"contents": [{"uri": params["uri"], "text": self.tools[0]}]})
                }
                "subscriptions/listen" => {
                    let id = json!({"io.modelcontextprotocol/subscriptionId": request["id"]});
                    let agreed = json!({"notifications": params["notifications"], "_meta": id});
                    fake.tell("notifications/subscriptions/acknowledged", agreed).await;
                    fake.tell("notifications/tools/list_changed", json!({ "_meta": id })).await;
                    if self.ends == 0 {
                        continue;
                    }
                    self.ends -= 1;
                    json!({ "_meta": id })
                }
                _ => continue,
            };
            fake.reply(&request, result).await;
        }
    }

    fn start(self) -> (Ends, AbortHandle) {
        let (ends, fake) = Fake::new();
        (ends, tokio::spawn(self.serve(fake)).abort_handle())
    }

    async fn connect(self) -> Result<Client, Error> {
        let ((reader, writer), _) = self.start();
        Client::connect(reader, writer).await
    }
}

fn names<T>(list: &mcp_client::group::GroupList<mcp_client::group::Exposed<T>>) -> Vec<&str> {
    list.items.iter().map(|item| item.name.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn servers_of_both_eras_are_one_list_and_one_that_fails_does_not_hold_it() {
    let group = ClientGroup::new();
    // Both call themselves "files"; the host's names count.
    let legacy = Shelf { is_legacy: true, ..shelf(&["read", "write"]) };
    group.add("old", legacy.connect().await.unwrap()).unwrap();
    group.add_with("new", || shelf(&["read"]).connect()).unwrap();
    group.add_with("mute", || Shelf { is_silent: true, ..shelf(&["read"]) }.connect()).unwrap();
    group.add_with("dead", || Client::connect(tokio::io::empty(), tokio::io::sink())).unwrap();

    let begun = Instant::now();
    let tools = group.list_tools().await;
    assert_eq!(begun.elapsed(), Duration::from_secs(10), "the time of one server");
    assert_eq!(names(&tools), ["new__read", "old__read", "old__write"]);
    assert_eq!(&*tools.items[1].server, "old");
    assert_eq!(tools.items[1].item.name, "read");
    assert_eq!(tools.items[1].clone().into_tool().name, "old__read");
    let failed: Vec<_> = tools.failures.iter().map(|f| (&*f.server, f.error.kind())).collect();
    assert_eq!(failed, [("dead", ErrorKind::Transport), ("mute", ErrorKind::Timeout)]);

    assert_eq!(group.call_tool("old__write", &()).await.unwrap().text(), "called write");
    assert_eq!(
        group.call_tool("mute__read", &()).await.unwrap().text(),
        "called read",
        "it was not listed"
    );
    assert_eq!(group.call_tool("dead__x", &()).await.unwrap_err().kind(), ErrorKind::Transport);
    let error = group.call_tool("other__x", &()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("other__x"), "{error}");
}

#[tokio::test]
async fn prompts_have_names_and_resources_have_servers() {
    let group = ClientGroup::new();
    group.add("a", shelf(&["x"]).connect().await.unwrap()).unwrap();
    group.add("b", shelf(&["y"]).connect().await.unwrap()).unwrap();
    assert_eq!(names(&group.list_prompts().await), ["a__x", "b__y"]);
    let prompt = group.get_prompt("b__y", &()).await.unwrap();
    assert_eq!(prompt.description.as_deref(), Some("y"));
    let resources = group.list_resources().await;
    let all: Vec<_> = resources.items.iter().map(|r| (&*r.server, r.item.uri.as_str())).collect();
    assert_eq!(all, [("a", "note://1"), ("b", "note://1")]);
    for (server, content) in [("a", "x"), ("b", "y")] {
        let read = group.read_resource(server, "note://1").await.unwrap();
        assert_eq!(serde_json::to_value(&read.contents[0]).unwrap()["text"], content);
    }
}

#[tokio::test]
async fn names_that_do_not_fit_are_made_to_and_lead_back() {
    let group = ClientGroup::new();
    let long = "n".repeat(300);
    group.add("s", shelf(&["read file", &long]).connect().await.unwrap()).unwrap();
    let tools = group.list_tools().await;
    for (tool, own) in tools.items.iter().zip(["read file", &long]) {
        assert!(tool.name.len() <= 128 && !tool.name.contains(' '), "{}", tool.name);
        assert_eq!(group.call_tool(&tool.name, &()).await.unwrap().text(), format!("called {own}"));
    }
}

#[tokio::test]
async fn a_bare_name_is_that_of_one_server_or_of_none() {
    let group = ClientGroup::builder().naming(Naming::PrefixedOnCollision).build();
    group.add("a", shelf(&["read", "write"]).connect().await.unwrap()).unwrap();
    // Found without a list before.
    assert_eq!(group.tool("read").await.unwrap().server, "a".into());
    group.add("b", shelf(&["read", "a__write", "c__x"]).connect().await.unwrap()).unwrap();
    let tools = group.list_tools().await;
    assert_eq!(names(&tools), ["a__read", "write", "b__read", "b__a__write", "b__c__x"]);
    for tool in &tools.items {
        let route = group.tool(&tool.name).await.unwrap();
        assert_eq!((&route.server, &route.name), (&tool.server, &tool.item.name));
    }
    let error = group.call_tool("read", &()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("a__read, b__read"), "{error}");
    // A server cannot stand for another by the name of its tool.
    assert_eq!(group.tool("a__write").await.unwrap().server, "a".into());
    assert_eq!(group.tool("a__read").await.unwrap().server, "a".into());

    drop(group.remove("b").unwrap());
    assert_eq!(names(&group.list_tools().await), ["read", "write"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_does_not_hold_up_the_bare_names_of_others() {
    let group = ClientGroup::builder().naming(Naming::PrefixedOnCollision).build();
    group.add("good", shelf(&["read"]).connect().await.unwrap()).unwrap();
    group.add_with("hung", std::future::pending).unwrap();
    let elapsed = async |tool: &str| {
        let begun = Instant::now();
        let called = group.call_tool(tool, &()).await;
        (called.map(|reply| reply.text()).ok(), begun.elapsed())
    };
    // Nothing is known yet: the hung server might have it.
    let (first, waited) = elapsed("read").await;
    assert_eq!((first.as_deref(), waited), (Some("called read"), Duration::from_secs(10)));
    let (next, waited) = elapsed("read").await;
    assert_eq!((next.as_deref(), waited), (Some("called read"), Duration::ZERO));
    assert!(elapsed("write").await.0.is_none());
}

#[tokio::test]
async fn a_name_does_not_pass_to_another_server_when_its_own_is_removed() {
    let group = ClientGroup::builder().naming(Naming::PrefixedOnCollision).build();
    group.add("files", shelf(&["read", "list"]).connect().await.unwrap()).unwrap();
    group.add("other", shelf(&["files__read", "find"]).connect().await.unwrap()).unwrap();
    let listed = group.list_tools().await;
    assert_eq!(names(&listed), ["read", "list", "other__files__read", "find"]);
    let taken = group.remove("files").unwrap();
    group.add("late", shelf(&["read"]).connect().await.unwrap()).unwrap();
    for name in ["files__read", "list"] {
        let error = group.call_tool(name, &()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name}");
    }
    drop(taken);
    assert_eq!(group.call_tool("find", &()).await.unwrap().text(), "called find");
}

#[tokio::test]
async fn a_name_that_was_made_to_fit_leads_to_its_tool_before_the_first_list() {
    let group = async |naming| {
        let group = ClientGroup::builder().naming(naming).build();
        group.add("s", shelf(&["read file"]).connect().await.unwrap()).unwrap();
        group
    };
    let name = group(Naming::Prefixed).await.list_tools().await.items[0].name.clone();
    assert_ne!(name, "s__read file");
    for naming in [Naming::Prefixed, Naming::PrefixedOnCollision] {
        let group = group(naming).await;
        assert_eq!(group.call_tool(&name, &()).await.unwrap().text(), "called read file");
    }
}

#[tokio::test]
async fn a_group_stops_reading_a_list_at_its_limit() {
    let (client, mut fake) = crate::fake::modern().await;
    let mut limits = Limits::default();
    limits.max_group_items = 10;
    let group = ClientGroup::builder().limits(limits).build();
    group.add("endless", client).unwrap();
    let serve = async {
        let tool = |n: usize| json!({"name": n.to_string(), "inputSchema": {"type": "object"}});
        for pages in 1.. {
            let request = fake.expect("tools/list").await;
            let tools: Vec<Value> = (0..6).map(tool).collect();
            let next = pages.to_string();
            fake.reply(&request, json!({"tools": tools, "nextCursor": next})).await;
            if pages == 2 {
                return;
            }
        }
    };
    let (list, ()) = tokio::join!(group.list_tools(), serve);
    let error = &list.failures[0].error;
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().contains("more than 10 items (Limits::max_group_items)"), "{error}");
}

/// A factory whose connections the test cuts, and that fails as often as the test says.
#[derive(Clone, Default)]
struct Line {
    attempts: Arc<AtomicUsize>,
    at_a_time: Arc<AtomicUsize>,
    fail: Arc<AtomicUsize>,
    open: Arc<std::sync::Mutex<Option<AbortHandle>>>,
}

impl Line {
    async fn connect(self) -> Result<Client, Error> {
        assert_eq!(self.at_a_time.fetch_add(1, Ordering::SeqCst), 0, "one attempt at a time");
        self.attempts.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let fails = |left: usize| left.checked_sub(1);
        let fails = self.fail.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails).is_ok();
        self.at_a_time.fetch_sub(1, Ordering::SeqCst);
        assert!(!fails, "this attempt panics");
        let ((reader, writer), handle) = shelf(&["x"]).start();
        *self.open.lock().unwrap() = Some(handle);
        Client::connect(reader, writer).await
    }

    fn cut(&self) {
        self.open.lock().unwrap().take().unwrap().abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_lost_comes_back_or_is_given_up() {
    let mut limits = Limits::new();
    limits.max_reconnects = 3;
    let group = ClientGroup::builder().limits(limits).build();
    let mut events = group.notifications();
    let line = Line::default();
    let connect = line.clone();
    group.add_with("s", move || connect.clone().connect()).unwrap();
    let server: Arc<str> = "s".into();
    let connected = GroupEvent::Connected { server: Arc::clone(&server) };
    let disconnected = GroupEvent::Disconnected { server: Arc::clone(&server) };
    let gap = GroupEvent::Event { server: Arc::clone(&server), event: Event::Gap };
    assert_eq!(events.next().await.as_ref(), Some(&connected));

    // It is lost, and two attempts fail: each with a panic, which is the factory's own affair.
    line.fail.store(2, Ordering::SeqCst);
    line.cut();
    for expected in [&disconnected, &connected, &gap] {
        assert_eq!(events.next().await.as_ref(), Some(expected));
    }
    assert_eq!(line.attempts.load(Ordering::SeqCst), 4);
    assert_eq!(group.call_tool("s__x", &()).await.unwrap().text(), "called x");

    // It is lost for good.
    line.fail.store(usize::MAX, Ordering::SeqCst);
    line.cut();
    assert_eq!(events.next().await.as_ref(), Some(&disconnected));
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(line.attempts.load(Ordering::SeqCst), 4 + 3);
    let error = group.call_tool("s__x", &()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert!(error.to_string().contains("server s is not connected"), "{error}");
    let ServerState::Lost { reason, retries: false } = &group.servers()[0].state else {
        panic!("given up")
    };
    assert!(reason.contains("panicked"), "{reason}");

    // The host asks for it.
    line.fail.store(0, Ordering::SeqCst);
    group.reconnect("s").unwrap();
    assert_eq!(events.next().await.as_ref(), Some(&connected));
    assert_eq!(events.next().await.as_ref(), Some(&gap));
    // Also in place of a connection that is there.
    group.reconnect("s").unwrap();
    for expected in [&disconnected, &connected, &gap] {
        assert_eq!(events.next().await.as_ref(), Some(expected));
    }
    assert_eq!(group.call_tool("s__x", &()).await.unwrap().text(), "called x");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_to_connect_takes_its_time_and_no_more() {
    let group = ClientGroup::builder().connect_timeout(Duration::from_secs(3)).build();
    group.add_with("s", std::future::pending).unwrap();
    let begun = Instant::now();
    assert!(group.call_tool("s__x", &()).await.is_err());
    assert_eq!(begun.elapsed(), Duration::from_secs(3));
}

#[tokio::test]
async fn a_connection_that_was_given_is_not_made_again() {
    let group = ClientGroup::new();
    let ((reader, writer), handle) = shelf(&["x"]).start();
    group.add("s", Client::connect(reader, writer).await.unwrap()).unwrap();
    let mut events = group.notifications();
    handle.abort();
    while !matches!(events.next().await.unwrap(), GroupEvent::Disconnected { .. }) {}
    let lost = |reason: &str| ServerState::Lost { reason: reason.into(), retries: false };
    assert_eq!(group.servers()[0].state, lost("the connection is closed"));
    assert_eq!(group.reconnect("s").unwrap_err().kind(), ErrorKind::InvalidArgument);
    // One that has ended before it is added is lost too.
    let ((reader, writer), _) = shelf(&["x"]).start();
    let client = Client::connect(reader, writer).await.unwrap();
    client.close().await;
    group.add("t", client).unwrap();
    while !matches!(events.next().await.unwrap(), GroupEvent::Disconnected { .. }) {}
    assert_eq!(group.servers()[1].state, lost("the client was closed"));
}

#[tokio::test]
async fn events_tell_their_server_and_modern_servers_are_asked_for_changes() {
    let group = ClientGroup::new();
    let mut events = group.notifications();
    group.add_with("quiet", || shelf(&["x"]).connect()).unwrap();
    group.add_with("loud", || Shelf { tells_changes: true, ..shelf(&["x"]) }.connect()).unwrap();
    let told = loop {
        match events.next().await.unwrap() {
            GroupEvent::Event { server, event } => break (server, event),
            GroupEvent::Connected { .. } => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told, ("loud".into(), Event::ToolsListChanged));
    drop(group);
    while let Some(event) = events.next().await {
        assert!(matches!(event, GroupEvent::Connected { .. }), "{event:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_a_subscription_is_asked_again() {
    let group = ClientGroup::new();
    let mut events = group.notifications();
    let shelf = Shelf { tells_changes: true, ends: 2, ..shelf(&["x"]) };
    group.add("s", shelf.connect().await.unwrap()).unwrap();
    let told = |event| GroupEvent::Event { server: "s".into(), event };
    let changed = told(Event::ToolsListChanged);
    let expected = [
        GroupEvent::Connected { server: "s".into() },
        changed.clone(),
        told(Event::Gap),
        changed.clone(),
        told(Event::Gap),
        changed,
    ];
    for expected in expected {
        assert_eq!(events.next().await, Some(expected));
    }
}

#[tokio::test]
async fn servers_and_items_are_bounded_and_names_are_checked() {
    let mut limits = Limits::new();
    limits.max_group_servers = 2;
    limits.max_group_items = 2;
    let group = ClientGroup::builder().limits(limits).build();
    group.add("a", shelf(&["1", "2"]).connect().await.unwrap()).unwrap();
    for (name, kind) in [("a", ErrorKind::InvalidArgument), ("a__b", ErrorKind::InvalidArgument)] {
        let error = group.add(name, shelf(&[]).connect().await.unwrap()).unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains(name), "{error}");
    }
    group.add("b", shelf(&["1", "2", "3"]).connect().await.unwrap()).unwrap();
    let error = group.add("c", shelf(&[]).connect().await.unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Limit);
    let tools = group.list_tools().await;
    assert_eq!(names(&tools), ["a__1", "a__2"]);
    assert_eq!(
        (&*tools.failures[0].server, tools.failures[0].error.kind()),
        ("b", ErrorKind::Limit)
    );

    let removed = group.remove("b").unwrap();
    assert_eq!(
        removed.call_tool("3", &()).await.unwrap().text(),
        "called 3",
        "it is the host's now"
    );
    assert!(group.remove("b").is_none());
    assert_eq!(
        group.read_resource("b", "note://1").await.unwrap_err().kind(),
        ErrorKind::InvalidArgument
    );
    group.close().await;
    assert!(group.servers().is_empty());
}

#[tokio::test]
async fn a_server_is_added_in_a_runtime() {
    let client = shelf(&[]).connect().await.unwrap();
    let group = ClientGroup::new();
    let outside = std::thread::spawn(move || group.add("s", client).unwrap_err().kind());
    assert_eq!(outside.join().unwrap(), ErrorKind::InvalidArgument);
    let mut events = ClientGroup::new().notifications();
    assert_eq!(events.next().now_or_never(), Some(None), "a group that is gone tells nothing");
}
