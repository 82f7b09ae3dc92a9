//! Sessions, events and used values on a disk that fails at each of its operations in turn.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _};

use super::disk::{Disk, Fault};
use crate::store::error::StoreError;
use crate::store::event::{EventStore as _, StoredEvent, StreamKey};
use crate::store::nonce::{NonceQuota, NonceStore as _};
use crate::store::redb::failure::Failure;
use crate::store::redb::schema::META;
use crate::store::redb::shared_tables::{
    EVENTS, NONCE_EXPIRIES, NONCES, NONCES_OWNED, SESSION_EXPIRIES, SESSIONS, SESSIONS_OWNED,
    STREAM_AGES, STREAMS,
};
use crate::store::redb::task_store::RedbStore;
use crate::store::session::{NewSession, SessionKey, SessionQuota, SessionStore as _};

const STEPS: u8 = 24;
const TTL: Duration = Duration::from_secs(600);
const SESSION_QUOTA: SessionQuota = SessionQuota { max_sessions: 100, max_sessions_per_owner: 100 };
const NONCE_QUOTA: NonceQuota = NonceQuota { max_nonces: 100, max_nonces_per_owner: 100 };

fn key(number: u8) -> SessionKey {
    SessionKey::new([number; 32])
}

/// One write.
async fn step(store: &RedbStore, number: u8) -> Result<(), StoreError> {
    let data = Bytes::from(vec![number; 3_000]);
    match number % 6 {
        0 => {
            let session = NewSession { owner: Some("ann".into()), data, ttl: TTL };
            store.create(key(number), session, SESSION_QUOTA).await
        }
        1 => store.update(key(number - 1), 1, data).await.map(drop),
        2 => store.redeem(&[number], Some("ann"), TTL, NONCE_QUOTA).await.map(drop),
        3 => store.touch(key(number - 3), TTL * 2, true).await.map(drop),
        4 => {
            let event = StoredEvent::new(u64::from(number), data);
            let stream = StreamKey::new(key(number - 4), 7);
            let appended = store.append(stream, event).await;
            appended.map_err(StoreError::unavailable)
        }
        _ if number == 11 => store.remove(key(6)).await.map(drop),
        _ => {
            store.forget(key(number - 5)).await;
            Ok(())
        }
    }
}

/// Checks that everything that was answered and has to be on the disk is there.
async fn check_answered(store: &RedbStore, answered: u8, place: &str) {
    for number in (0..answered).step_by(6) {
        let session = store.load(key(number)).await.expect("the simulated store answers");
        if number == 6 && answered > 11 {
            assert_eq!(session, None, "{place}: the session was removed");
            continue;
        }
        // The step that was not answered may have removed it.
        if number == 6 && answered == 11 && session.is_none() {
            continue;
        }
        let session = session.unwrap_or_else(|| panic!("{place}: session {number} is lost"));
        if answered > number + 1 {
            assert_eq!((session.version, session.data[0]), (2, number + 1), "{place}");
        }
    }
    for number in (2..answered).step_by(6) {
        let first = store.redeem(&[number], Some("ann"), TTL, NONCE_QUOTA).await;
        assert!(!first.expect("the simulated store answers"), "{place}: value {number} is lost");
    }
}

fn check_tables(database: &Database) -> Result<(), Failure> {
    let snapshot = database.begin_read()?;
    let sessions = snapshot.open_table(SESSIONS)?.len()?;
    assert_eq!(snapshot.open_table(SESSION_EXPIRIES)?.len()?, sessions);
    let owned = snapshot.open_table(SESSIONS_OWNED)?;
    assert_eq!(owned.get("ann")?.map_or(0, |count| count.value()), sessions);
    let nonces = snapshot.open_table(NONCES)?.len()?;
    assert_eq!(snapshot.open_table(NONCE_EXPIRIES)?.len()?, nonces);
    let owned = snapshot.open_table(NONCES_OWNED)?;
    assert_eq!(owned.get("ann")?.map_or(0, |count| count.value()), nonces);

    let mut events = BTreeMap::<(Vec<u8>, u64), (u64, u64)>::new();
    for entry in snapshot.open_table(EVENTS)?.iter()? {
        let (key, data) = entry?;
        let (session, stream, _) = key.value();
        let stream = events.entry((session.to_vec(), stream)).or_insert((512, 0));
        stream.0 += 128 + data.value().len() as u64;
        stream.1 += 1;
    }
    let (mut total, mut ages) = (0, BTreeSet::new());
    let streams = snapshot.open_table(STREAMS)?;
    assert_eq!(streams.len()?, events.len() as u64);
    for entry in streams.iter()? {
        let (key, row) = entry?;
        let (session, stream) = key.value();
        let (bytes, count, _, _, _, age) = row.value();
        assert_eq!(events[&(session.to_vec(), stream)], (bytes, count));
        total += bytes;
        ages.insert((age, session.to_vec(), stream));
    }
    let mut stored = BTreeSet::new();
    for entry in snapshot.open_table(STREAM_AGES)?.iter()? {
        let (age, stream) = entry?;
        let (session, stream) = stream.value();
        stored.insert((age.value(), session.to_vec(), stream));
    }
    assert_eq!(stored, ages);
    let bytes = snapshot.open_table(META)?.get("event_bytes")?;
    assert_eq!(bytes.map_or(0, |bytes| bytes.value()), total);
    Ok(())
}

/// Runs the script on a disk that fails at one operation. Returns whether it has failed.
async fn run(at: u64, fault: Fault) -> bool {
    let disk = Disk::with_fault(at, fault);
    let Ok(store) = RedbStore::builder().open_backend(disk.clone()) else { return true };
    let mut answered = 0;
    while answered < STEPS && step(&store, answered).await.is_ok() {
        answered += 1;
    }
    store.close().await;
    let has_failed = disk.operations() >= at;
    let place = format!("{fault:?} at operation {at}, after {answered} steps");
    let store = RedbStore::builder().open_backend(disk.restart(at));
    let store = store.unwrap_or_else(|error| panic!("{place}: {error}"));
    store.read(check_tables).await.expect("the simulated store answers");
    // A `forget` that failed is not reported, so the script may have gone on.
    check_answered(&store, answered, &place).await;
    store.read(check_tables).await.expect("the simulated store answers");
    store.close().await;
    has_failed
}

async fn fail_everywhere(fault: Fault) {
    let mut failed = 0;
    while run(failed + 1, fault).await {
        failed += 1;
    }
    assert!(failed > 100, "the script has {failed} operations only");
}

#[tokio::test]
async fn a_write_that_fails_once_loses_no_session_and_no_used_value() {
    fail_everywhere(Fault::Once).await;
}

#[tokio::test]
async fn a_crash_at_any_write_loses_no_session_and_no_used_value() {
    fail_everywhere(Fault::Crash).await;
}

#[tokio::test]
async fn a_power_cut_at_any_write_loses_no_session_and_no_used_value() {
    fail_everywhere(Fault::PowerCut).await;
}
