//! The keys of a store in a cluster.

use std::time::Duration;

use mcp_server::store::{Lease, RedisStore, TaskStore as _, TaskUpdate};

use crate::server::{Connect as _, RedisServer};
use crate::session::{self, use_sessions};
use crate::task::{LEASE, append, complete, create, head};

fn cluster_node() -> RedisServer {
    RedisServer::with_settings(&[("cluster-enabled", "yes")])
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn all_keys_of_all_scripts_are_in_one_slot_of_a_cluster() {
    let server = cluster_node();
    assert_eq!(server.command("CLUSTER ADDSLOTSRANGE 0 16383"), "+OK\r\n");
    while !server.command("CLUSTER INFO").contains("cluster_state:ok") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Redis refuses a script that uses keys of several slots.
    let store = server.store().await;
    for id in ["a", "{b}", "c}d{e"] {
        create(&store, id).await;
        append(&store, id, "entry").await;
        store.claim(id, Duration::ZERO).await.expect("an answer");
        store.load(id).await.expect("an answer").expect("a task");
    }
    assert_eq!(store.claim_any(LEASE, 10).await.expect("an answer").len(), 3);
    let leases = [Lease::new("a", 2), Lease::new("{b}", 2)];
    assert_eq!(store.renew(&leases, LEASE).await.expect("an answer"), [true, true]);
    assert_eq!(store.list("ada", None, 10).await.expect("a page").tasks.len(), 3);
    let mut update = TaskUpdate::of(&head(&store, "a").await, 2_000);
    update.expires_at = Some(1);
    store.update("a", update).await.expect("an answer");
    let slot = server.command("CLUSTER KEYSLOT {mcp}:meta");
    let keys = server.command("KEYS *");
    let keys: Vec<_> = keys.lines().filter(|line| line.contains("{mcp}")).collect();
    assert_eq!(keys.len(), 12, "{keys:?}");
    for key in keys {
        assert!(key.starts_with("{mcp}:"), "{key}");
        assert_eq!(server.command(&format!("CLUSTER KEYSLOT {key}")), slot, "{key}");
    }
    use_sessions(&store).await;
    for key in session::keys(&server) {
        assert_eq!(server.command(&format!("CLUSTER KEYSLOT {key}")), slot, "{key}");
    }
    complete(&store, "{b}", "done".into()).await;
    assert_eq!(store.sweep(1, 10).await.expect("an answer").len(), 1);
}

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_node_of_a_cluster_without_the_slot_is_refused() {
    let (one, other) = (cluster_node(), cluster_node());
    let slot = one.command("CLUSTER KEYSLOT {mcp}:meta");
    let slot: u16 = slot.trim_matches([':', '\r', '\n']).parse().expect("a slot");
    assert_eq!(other.command("CLUSTER ADDSLOTSRANGE 0 16383"), "+OK\r\n");
    let id = other.command("CLUSTER MYID");
    let id = id.lines().nth(1).expect("the id of a node");
    one.command(&format!("CLUSTER MEET 127.0.0.1 {}", other.address().port()));
    // The nodes exchange their slots after the meeting.
    while !one.command("CLUSTER SLOTS").contains(id)
        || !one.command("CLUSTER INFO").contains("cluster_state:ok")
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let error = RedisStore::connect(&one.url()).await.expect_err("another node has the slot");
    let error = error.to_string();
    assert!(error.contains(&format!("Moved: {slot} {}", other.address())), "{error}");
    assert!(error.contains("does not have the slot of the key prefix"), "{error}");
}
