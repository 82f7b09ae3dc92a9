//! A server whose memory is full.

use bytes::Bytes;
use mcp_server::store::{Lease, StoreError, TaskStore as _};

use crate::server::{Connect as _, RedisServer};
use crate::task::{LEASE, QUOTA, create, head, new_task};

#[tokio::test]
#[cfg_attr(not(redis_server_installed), ignore = "run `bash conformance-tests/apt/install.sh`")]
async fn a_full_memory_refuses_tasks_as_a_whole_and_expired_ones_can_be_deleted() {
    let server =
        RedisServer::with_settings(&[("maxmemory", "8mb"), ("maxmemory-policy", "noeviction")]);
    let store = server.store().await;
    let mut created = 0;
    let error = loop {
        let mut task = new_task(&created.to_string());
        task.record.head.expires_at = Some(10);
        task.record.call = Bytes::from(vec![b'x'; 1 << 18]);
        match store.create(task, QUOTA).await {
            Ok(()) => created += 1,
            Err(error) => break error,
        }
        assert!(created < 100, "the memory is full earlier");
    };
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    let error = error.to_string();
    assert!(error.contains("OOM") && error.contains("raise `maxmemory`"), "{error}");
    assert!(created > 8, "{created}");
    // Nothing of the refused task was written.
    assert_eq!(server.command("HGET {mcp}:meta tasks"), format!("${}\r\n{created}\r\n", 2));
    assert_eq!(server.command("ZCARD {mcp}:owner:ada"), format!(":{created}\r\n"));
    // Workers keep their tasks, and tasks can be read and deleted.
    let leases = store.claim_any(LEASE, 1).await.expect("an answer");
    assert_eq!(leases, [Lease::new("0", 1)]);
    assert_eq!(store.renew(&leases, LEASE).await.expect("an answer"), [true]);
    assert_eq!(head(&store, "0").await.fence, 1);
    assert!(store.load("0").await.expect("an answer").is_some());
    assert_eq!(store.list("ada", None, 100).await.expect("a page").tasks.len(), created);
    assert_eq!(store.sweep(10, 100).await.expect("an answer").len(), created);
    create(&store, "after").await;
}
