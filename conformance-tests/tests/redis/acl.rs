//! The access that a store needs.

use std::path::Path;
use std::time::Duration;

use mcp_server::store::{Lease, RedisStore, TaskStore as _, TaskUpdate};

use crate::server::RedisServer;
use crate::session::use_sessions;
use crate::task::{LEASE, append, complete, create, head};

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn the_documented_access_list_is_sufficient() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/stores.md");
    let document = std::fs::read_to_string(document).expect("the document");
    let (_, list) = document.split_once("```text\nACL SETUSER").expect("a list in the document");
    let (list, _) = list.split_once("```").expect("the end of the list");
    let list = format!("ACL SETUSER{}", list.replace(['\\', '\n'], " "));

    let server = RedisServer::start();
    assert_eq!(server.command(&list), "+OK\r\n", "{list}");
    let url = format!("redis://mcp:secret@{}", server.address());
    let store = RedisStore::connect(&url).await.expect("a store");
    use_sessions(&store).await;
    for id in ["a", "b", "c"] {
        create(&store, id).await;
        append(&store, id, "entry").await;
    }
    store.claim("a", Duration::ZERO).await.expect("an answer").expect("a lease");
    assert_eq!(store.claim_any(LEASE, 10).await.expect("an answer").len(), 3);
    let leases = [Lease::new("a", 2)];
    assert_eq!(store.renew(&leases, LEASE).await.expect("an answer"), [true]);
    store.load("a").await.expect("an answer").expect("a task");
    assert_eq!(store.list("ada", None, 10).await.expect("a page").tasks.len(), 3);
    for expires_at in [Some(1), None, Some(2)] {
        let mut update = TaskUpdate::of(&head(&store, "a").await, 2_000);
        update.expires_at = expires_at;
        store.update("a", update).await.expect("an answer");
    }
    complete(&store, "b", "done".into()).await;
    assert_eq!(store.sweep(2, 10).await.expect("an answer").len(), 1);
    let denied = server.command("ACL LOG");
    assert_eq!(denied, "*0\r\n", "commands that were denied");
}
