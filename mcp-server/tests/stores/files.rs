//! Files of tasks that cannot be opened.

use mcp_server::store::RedbStore;

#[test]
fn a_file_that_is_open_is_refused_by_its_path_and_can_be_opened_later() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tasks.redb");
    let store = RedbStore::open(&file).unwrap();
    let error = RedbStore::open(&file).unwrap_err().to_string();
    assert!(error.contains("tasks.redb"), "{error}");
    drop(store);
    // The thread of the store ends soon after its last handle.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while RedbStore::open(&file).is_err() {
        assert!(std::time::Instant::now() < until, "the file is never closed");
        std::thread::yield_now();
    }
}

#[test]
fn a_file_that_is_no_store_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("empty", &b""[..]), ("text", b"not a store"), ("long", &[7; 10_000])] {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        RedbStore::open(&file).unwrap_err();
        assert_eq!(std::fs::read(&file).unwrap(), content, "{name}");
    }
}
