//! Servers of a group that exit and are started again: what is lost, and what comes back (STDIO-5).

use futures::StreamExt as _;
use mcp_client::group::{GroupEvent, GroupNotifications};
use mcp_client::types::SubscriptionFilter;
use mcp_client::{Client, ClientGroup, ErrorKind, Event, Limits, SharedCache, Subscription};
use mcp_test_support::message::text;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Duration, timeout};

use crate::fake::{Ends, Fake, discovered};

const BOTH_ERAS: [bool; 2] = [false, true];

/// Waits on the paused clock, so that what does not happen fails the test.
async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(600), future).await.expect("it happens in time")
}

async fn next(changes: &mut Subscription) -> Option<Event> {
    in_time(changes.next()).await
}

/// The servers that a group starts, one after the other.
struct Started {
    is_legacy: bool,
    servers: mpsc::UnboundedReceiver<Fake>,
}

impl Started {
    /// The next server, after the handshake.
    async fn next(&mut self) -> Fake {
        let mut fake = in_time(self.servers.recv()).await.unwrap();
        let probe = fake.expect("server/discover").await;
        if self.is_legacy {
            fake.refuse(&probe, -32601, Value::Null).await;
            fake.initialize("2025-11-25").await;
        } else {
            fake.reply(&probe, discovered()).await;
        }
        fake
    }

    /// The server is asked to watch a resource.
    async fn asked(&self, fake: &mut Fake) -> Value {
        let method = if self.is_legacy { "resources/subscribe" } else { "subscriptions/listen" };
        in_time(fake.expect(method)).await
    }

    /// The server agrees to watch a resource. Returns the `_meta` of its notifications.
    async fn agree(&self, fake: &mut Fake) -> Value {
        let request = self.asked(fake).await;
        if self.is_legacy {
            assert_eq!(request["params"]["uri"], "note://1");
            fake.reply(&request, json!({})).await;
            return json!({});
        }
        let requested = &request["params"]["notifications"];
        assert_eq!(requested["resourceSubscriptions"], json!(["note://1"]));
        let meta = json!({"io.modelcontextprotocol/subscriptionId": request["id"]});
        let agreed = json!({"notifications": requested, "_meta": meta});
        fake.tell("notifications/subscriptions/acknowledged", agreed).await;
        meta
    }
}

/// A group with the server `notes`, which the test plays.
fn group(is_legacy: bool) -> (ClientGroup, Started) {
    let mut limits = Limits::new();
    limits.max_reconnects = 3;
    let group = ClientGroup::builder().limits(limits).build();
    let (sender, servers) = mpsc::unbounded_channel();
    let connect = move || {
        let ((reader, writer), fake): (Ends, Fake) = Fake::new();
        let _ = sender.send(fake); // Dropped with the receiver, which ends the connection.
        async move { Client::connect(reader, writer).await }
    };
    group.add_with("notes", connect).unwrap();
    (group, Started { is_legacy, servers })
}

fn filter() -> SubscriptionFilter {
    SubscriptionFilter::new().resource_subscriptions(vec!["note://1".to_owned()])
}

async fn report_update(fake: &mut Fake, meta: &Value) {
    let updated = json!({"uri": "note://1", "_meta": meta});
    fake.tell("notifications/resources/updated", updated).await;
}

fn is_update(event: Option<Event>) -> bool {
    matches!(event, Some(Event::ResourceUpdated(updated)) if updated.uri == "note://1")
}

#[tokio::test(start_paused = true)]
async fn a_subscription_of_a_group_is_opened_again_after_each_restart() {
    for is_legacy in BOTH_ERAS {
        let (group, mut started) = group(is_legacy);
        let mut fake = started.next().await;
        let (changes, mut meta) =
            tokio::join!(group.subscribe("notes", filter()), started.agree(&mut fake));
        let mut changes = changes.unwrap();
        assert_eq!(changes.not_acknowledged(), SubscriptionFilter::new());
        report_update(&mut fake, &meta).await;
        assert!(is_update(next(&mut changes).await));
        for _ in 0..2 {
            drop(fake); // It exits.
            fake = started.next().await;
            meta = started.agree(&mut fake).await;
            assert_eq!(next(&mut changes).await, Some(Event::Gap));
            report_update(&mut fake, &meta).await;
            assert!(is_update(next(&mut changes).await));
        }
        drop(group.remove("notes"));
        assert_eq!(next(&mut changes).await, None);
        assert!(changes.error().is_none(), "the host removed it: {changes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_in_flight_say_whether_they_may_be_repeated_and_lists_are_those_of_the_new_server() {
    for is_legacy in BOTH_ERAS {
        let (group, mut started) = group(is_legacy);
        let mut events = group.notifications();
        let mut fake = started.next().await;
        let calling = group.clone();
        let called = tokio::spawn(async move { calling.call_tool("notes__pay", &()).await });
        fake.expect("tools/call").await;
        let reading = group.clone();
        let read = tokio::spawn(async move { reading.read_resource("notes", "note://1").await });
        fake.expect("resources/read").await;
        let listing = group.clone();
        let listed = tokio::spawn(async move { listing.list_tools().await });
        fake.expect("tools/list").await;

        drop(fake);
        let called = called.await.unwrap().unwrap_err();
        assert_eq!(called.kind(), ErrorKind::OutcomeUnknown, "it may have paid: {called:?}");
        assert_eq!(read.await.unwrap().unwrap_err().kind(), ErrorKind::Transport);
        assert_eq!(listed.await.unwrap().failures[0].error.kind(), ErrorKind::Transport);

        let mut fake = started.next().await;
        for expected in ["connected", "disconnected", "connected", "gap"] {
            let event = match events.next().await.unwrap() {
                GroupEvent::Connected { .. } => "connected",
                GroupEvent::Disconnected { .. } => "disconnected",
                GroupEvent::Event { event: Event::Gap, .. } => "gap",
                other => panic!("{other:?}"),
            };
            assert_eq!(event, expected);
        }
        let serve = async {
            let list = fake.expect("tools/list").await;
            let tool = json!({"name": "refund", "inputSchema": {"type": "object"}});
            fake.reply(&list, json!({"resultType": "complete", "tools": [tool]})).await;
            let call = fake.expect("tools/call").await;
            assert_eq!(call["params"]["name"], "refund", "the lost call is not repeated");
            fake.reply(&call, text("refunded")).await;
        };
        let use_new = async {
            let tools = group.list_tools().await;
            assert_eq!(tools.items[0].name, "notes__refund");
            group.call_tool(&tools.items[0].name, &()).await.unwrap().text()
        };
        assert_eq!(tokio::join!(use_new, serve).0, "refunded");
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_invalidates_what_a_shared_cache_has_of_the_server() {
    let cache = SharedCache::new();
    let (sender, servers) = mpsc::unbounded_channel();
    let connect = move || {
        let ((reader, writer), fake) = Fake::new();
        sender.send(fake).unwrap();
        let builder = Client::builder().shared_cache(&cache, "notes-server", "alice");
        async move { builder.connect(reader, writer).await }
    };
    let group = ClientGroup::new();
    group.add_with("notes", connect).unwrap();
    let mut started = Started { is_legacy: false, servers };
    let mut events = group.notifications();
    for name in ["before", "after"] {
        let mut fake = started.next().await;
        list(&group, &mut fake, name).await;
        drop(fake);
        while !matches!(events.next().await.unwrap(), GroupEvent::Disconnected { .. }) {}
    }
}

/// Lists the only tool, which is not in the cache, and then from the cache.
async fn list(group: &ClientGroup, fake: &mut Fake, name: &str) {
    let serve = async {
        let request = in_time(fake.expect("tools/list")).await;
        let tool = json!({"name": name, "inputSchema": {"type": "object"}});
        let page = json!({"resultType": "complete", "tools": [tool], "ttlMs": 600_000});
        fake.reply(&request, page).await;
    };
    let (tools, ()) = tokio::join!(group.list_tools(), serve);
    assert_eq!(tools.items[0].item.name, name);
    assert_eq!(group.list_tools().await.items[0].item.name, name, "it is cached");
}

/// Reads the resource, which is not in the cache, and then from the cache.
async fn read(group: &ClientGroup, fake: &mut Fake) {
    let serve = async {
        let request = in_time(fake.expect("resources/read")).await;
        let contents = json!([{"uri": "note://1", "text": "1"}]);
        let result = json!({"resultType": "complete", "contents": contents, "ttlMs": 600_000});
        fake.reply(&request, result).await;
    };
    let (first, ()) = tokio::join!(group.read_resource("notes", "note://1"), serve);
    assert_eq!(first.unwrap(), group.read_resource("notes", "note://1").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_the_server_ends_is_opened_again_on_the_same_connection() {
    let (group, mut started) = group(false);
    let mut fake = started.next().await;
    let (changes, meta) =
        tokio::join!(group.subscribe("notes", filter()), started.agree(&mut fake));
    let mut changes = changes.unwrap();
    read(&group, &mut fake).await;
    let listen = json!({"id": meta["io.modelcontextprotocol/subscriptionId"]});
    fake.reply(&listen, json!({"resultType": "complete", "_meta": meta})).await;
    let meta = started.agree(&mut fake).await;
    assert_eq!(next(&mut changes).await, Some(Event::Gap));
    read(&group, &mut fake).await; // It may have changed in between.
    report_update(&mut fake, &meta).await;
    assert!(is_update(next(&mut changes).await));
}

/// Connects a group to a modern server whose tools change. It subscribes to their changes itself.
async fn group_that_watches_lists() -> (ClientGroup, GroupNotifications, Fake) {
    let ((reader, writer), mut fake) = Fake::new();
    let shake_hands = async {
        let probe = fake.expect("server/discover").await;
        let mut discovered = discovered();
        discovered["capabilities"] = json!({"tools": {"listChanged": true}});
        fake.reply(&probe, discovered).await;
    };
    let (client, ()) = tokio::join!(Client::connect(reader, writer), shake_hands);
    let group = ClientGroup::new();
    let events = group.notifications();
    group.add("notes", client.unwrap()).unwrap();
    (group, events, fake)
}

/// Agrees to report changes of the tools. Returns the `_meta` of the subscription.
async fn acknowledge_lists(fake: &mut Fake, listen: &Value) -> Value {
    let meta = json!({"io.modelcontextprotocol/subscriptionId": listen["id"]});
    let agreed = json!({"notifications": {"toolsListChanged": true}, "_meta": meta});
    fake.tell("notifications/subscriptions/acknowledged", agreed).await;
    meta
}

#[tokio::test(start_paused = true)]
async fn a_group_that_was_not_told_of_changes_does_not_use_cached_lists() {
    let (group, mut events, mut fake) = group_that_watches_lists().await;
    for name in ["before", "after"] {
        let listen = in_time(fake.expect("subscriptions/listen")).await;
        let meta = acknowledge_lists(&mut fake, &listen).await;
        if name == "after" {
            let is_gap = |event| matches!(event, GroupEvent::Event { event: Event::Gap, .. });
            while !is_gap(in_time(events.next()).await.unwrap()) {}
        }
        list(&group, &mut fake, name).await;
        fake.reply(&listen, json!({"resultType": "complete", "_meta": meta})).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_asks_again_for_changes_of_lists_after_a_late_acknowledgement() {
    let (_group, mut events, mut fake) = group_that_watches_lists().await;
    in_time(fake.expect("subscriptions/listen")).await;
    in_time(fake.expect("notifications/cancelled")).await;
    let listen = in_time(fake.expect("subscriptions/listen")).await;
    let meta = acknowledge_lists(&mut fake, &listen).await;
    fake.tell("notifications/tools/list_changed", json!({"_meta": meta})).await;
    let is_change =
        |event| matches!(event, GroupEvent::Event { event: Event::ToolsListChanged, .. });
    while !is_change(in_time(events.next()).await.unwrap()) {}
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_the_server_ends_each_time_is_given_up() {
    let (group, mut started) = group(false);
    let mut fake = started.next().await;
    let serve = async {
        let mut opened = 0;
        while let Ok(message) = timeout(Duration::from_secs(3_600), fake.next()).await {
            assert_eq!(message["method"], "subscriptions/listen");
            let meta = json!({"io.modelcontextprotocol/subscriptionId": message["id"]});
            let requested = &message["params"]["notifications"];
            let agreed = json!({"notifications": requested, "_meta": meta});
            fake.tell("notifications/subscriptions/acknowledged", agreed).await;
            fake.reply(&message, json!({"resultType": "complete", "_meta": meta})).await;
            opened += 1;
        }
        opened
    };
    let listen = async {
        let mut changes = group.subscribe("notes", filter()).await.unwrap();
        while let Some(event) = next(&mut changes).await {
            assert_eq!(event, Event::Gap);
        }
        assert_eq!(changes.error().unwrap().kind(), ErrorKind::Limit);
    };
    let (opened, ()) = tokio::join!(serve, listen);
    assert_eq!(opened, 1 + 3, "once, and max_reconnects times again");
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_not_opened_again_ends_with_the_reason() {
    for is_legacy in BOTH_ERAS {
        // The new server refuses.
        let (refusing, mut started) = group(is_legacy);
        let mut fake = started.next().await;
        let (changes, _) =
            tokio::join!(refusing.subscribe("notes", filter()), started.agree(&mut fake));
        let mut changes = changes.unwrap();
        drop(fake);
        let mut fake = started.next().await;
        let request = started.asked(&mut fake).await;
        fake.refuse(&request, -32602, Value::Null).await;
        assert_eq!(next(&mut changes).await, None);
        assert_eq!(changes.error().unwrap().kind(), ErrorKind::Peer);

        // The group gives up.
        let (failing, mut started) = group(is_legacy);
        let mut fake = started.next().await;
        let (changes, _) =
            tokio::join!(failing.subscribe("notes", filter()), started.agree(&mut fake));
        let mut changes = changes.unwrap();
        drop(fake);
        drop(started); // Servers exit as soon as they are started.
        assert_eq!(next(&mut changes).await, None);
        let error = changes.error().unwrap();
        assert_eq!(error.kind(), ErrorKind::Transport);
        assert!(error.to_string().contains("server notes is not connected"), "{error}");

        // The connection was given.
        let (source, mut started) = group(is_legacy);
        let mut fake = started.next().await;
        let client = source.client("notes").await.unwrap();
        let given = ClientGroup::new();
        given.add("notes", client).unwrap();
        let (changes, _) =
            tokio::join!(given.subscribe("notes", filter()), started.agree(&mut fake));
        let mut changes = changes.unwrap();
        drop(fake);
        assert_eq!(next(&mut changes).await, None);
        assert_eq!(changes.error().unwrap().kind(), ErrorKind::Transport);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_removed_from_the_group_does_not_report_changes_any_longer() {
    for is_legacy in BOTH_ERAS {
        let (group, mut started) = group(is_legacy);
        let mut fake = started.next().await;
        let (changes, _) =
            tokio::join!(group.subscribe("notes", filter()), started.agree(&mut fake));
        let mut changes = changes.unwrap();
        let client = group.remove("notes").unwrap();
        assert_eq!(next(&mut changes).await, None);
        let method = if is_legacy { "resources/unsubscribe" } else { "notifications/cancelled" };
        in_time(fake.expect(method)).await;
        drop(client); // Until now it kept the connection.
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_replaced_ends_although_it_has_subscriptions() {
    for is_legacy in BOTH_ERAS {
        let (group, mut started) = group(is_legacy);
        let mut stuck = started.next().await;
        let (changes, _) =
            tokio::join!(group.subscribe("notes", filter()), started.agree(&mut stuck));
        let mut changes = changes.unwrap();
        group.reconnect("notes").unwrap();
        let mut fake = started.next().await;
        started.agree(&mut fake).await;
        assert_eq!(next(&mut changes).await, Some(Event::Gap));
        while let Some(message) = stuck.maybe_next().await {
            assert_eq!(message["method"], "notifications/cancelled", "{message}");
        }
        drop(changes);
        let method = if is_legacy { "resources/unsubscribe" } else { "notifications/cancelled" };
        in_time(fake.expect(method)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_connected_has_no_subscription() {
    let (group, started) = group(false);
    drop(started); // Servers exit as soon as they are started.
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    for server in ["notes", "other"] {
        let error = group.subscribe(server, filter()).await.unwrap_err();
        assert!(error.to_string().contains(server), "{error}");
    }
}

/// A server in shell, whose only tool is named after its process.
#[cfg(target_os = "linux")]
const SERVER: &str = r#"
answer() {
  id=${line#*\"id\":}; id=${id%%,*}
  printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$1"
}
tell() { printf '{"jsonrpc":"2.0","method":"notifications/%s","params":%s}\n' "$1" "$2"; }
while IFS= read -r line; do
  case $line in
    *'"server/discover"'*)
      if [ "$1" = modern ]; then
        answer '"result":{"resultType":"complete","supportedVersions":["2026-07-28"],"capabilities":{"tools":{}}}'
      else
        answer '"error":{"code":-32601,"message":"unknown"}'
      fi ;;
    *'"initialize"'*)
      answer '"result":{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"s","version":"1"}}' ;;
    *'"subscriptions/listen"'*)
      id=${line#*\"id\":}; id=${id%%,*}
      meta="\"_meta\":{\"io.modelcontextprotocol/subscriptionId\":$id}"
      tell subscriptions/acknowledged "{\"notifications\":{\"resourceSubscriptions\":[\"note://1\"]},$meta}"
      tell resources/updated "{\"uri\":\"note://1\",$meta}" ;;
    *'"resources/subscribe"'*)
      answer '"result":{}'
      tell resources/updated '{"uri":"note://1"}' ;;
    *'"tools/list"'*)
      answer "\"result\":{\"resultType\":\"complete\",\"tools\":[{\"name\":\"of-$$\",\"inputSchema\":{\"type\":\"object\"}}]}" ;;
    *'"tools/call"'*) echo called >> "$2"; kill -9 $$ ;;
  esac
done
"#;

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_child_that_is_killed_during_a_call_is_started_again() {
    for era in ["modern", "legacy"] {
        let mut limits = Limits::new();
        limits.initial_backoff = Duration::from_millis(20);
        let group = ClientGroup::builder().limits(limits).build();
        let folder = tempfile::tempdir().unwrap();
        let calls = folder.path().join("calls");
        let log = calls.clone();
        let connect = move || {
            let mut command = std::process::Command::new("/bin/sh");
            command.args(["-c", SERVER, "sh", era]).arg(&log);
            Client::connect_command(command)
        };
        group.add_with("notes", connect).unwrap();
        let mut changes = group.subscribe("notes", filter()).await.unwrap();
        assert!(is_update(next(&mut changes).await));
        let mut processes = Vec::new();
        for number in 1..=2 {
            let process = group.client("notes").await.unwrap().child_id().unwrap();
            assert!(!processes.contains(&process), "{era}");
            processes.push(process);
            let tools = group.list_tools().await;
            assert_eq!(tools.items[0].item.name, format!("of-{process}"), "{era}");

            let error = group.call_tool("notes__crash", &()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{era}: {error:?}");
            assert!(format!("{error:?}").contains("signal: 9"), "{era}: {error:?}");
            assert_eq!(next(&mut changes).await, Some(Event::Gap), "{era}");
            assert!(is_update(next(&mut changes).await), "{era}");
            // The new process was not called again.
            let calls = std::fs::read_to_string(&calls).unwrap();
            assert_eq!(calls.lines().count(), number, "{era}");
        }
        group.close().await;
        assert_eq!(next(&mut changes).await, None);
    }
}
