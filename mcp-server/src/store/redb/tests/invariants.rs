//! What holds between the tables of a file.

use std::collections::{BTreeMap, BTreeSet};

use redb::{Database, ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _};

use crate::store::redb::codec::HeadRow;
use crate::store::redb::failure::Failure;
use crate::store::redb::schema::{
    BYTES_ROW, CALLS, EXPIRIES, HEADS, JOURNAL, META, OUTCOMES, OWNED, OWNERS, WORKING,
};
use crate::store::redb::task_store::RedbStore;
use crate::store::task::TaskState;

/// Checks that each index has exactly the rows of the heads, and that the totals are right.
pub(super) async fn check(store: &RedbStore) {
    store.read(check_tables).await.expect("the simulated store answers");
}

fn check_tables(database: &Database) -> Result<(), Failure> {
    let snapshot = database.begin_read()?;
    let (calls, outcomes) = (snapshot.open_table(CALLS)?, snapshot.open_table(OUTCOMES)?);
    let journal = snapshot.open_table(JOURNAL)?;
    let (mut owners, mut working, mut expiries) =
        (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut owned: BTreeMap<String, u64> = BTreeMap::new();
    let (mut tasks, mut with_outcome, mut entries, mut bytes) = (0, 0, 0, 0);
    for row in snapshot.open_table(HEADS)?.iter()? {
        let (id, row) = row?;
        let id = id.value().to_owned();
        let row = HeadRow::decode(&id, row.value())?;
        tasks += 1;
        entries += row.entries;
        bytes += row.bytes;
        let call = calls.get(&*id)?.expect("the task has a call").value().len();
        let mut size = 512 + id.len() + row.head.owner.len() + row.head.detail.len() + call;
        for number in 0..row.entries {
            let entry = journal.get((&*id, number))?.expect("the journal has no gap");
            size += 64 + entry.value().len();
        }
        let outcome = outcomes.get(&*id)?;
        assert_eq!(outcome.is_some(), row.has_outcome);
        if let Some(outcome) = outcome {
            with_outcome += 1;
            size += outcome.value().len();
        }
        assert_eq!(row.bytes, size as u64, "the size of {id}");
        owners.insert((row.head.owner.to_string(), row.head.created_at, id.clone()));
        *owned.entry(row.head.owner.to_string()).or_default() += 1;
        if row.head.state == TaskState::Working {
            working.insert(id.clone());
        }
        if let Some(expires_at) = row.head.expires_at {
            expiries.insert((expires_at, id));
        }
    }
    assert_eq!(calls.len()?, tasks);
    assert_eq!(outcomes.len()?, with_outcome);
    assert_eq!(journal.len()?, entries);
    let total = snapshot.open_table(META)?.get(BYTES_ROW)?.map_or(0, |bytes| bytes.value());
    assert_eq!(total, bytes);
    let mut stored = BTreeSet::new();
    for row in snapshot.open_table(OWNERS)?.iter()? {
        let key = row?.0;
        let (owner, created_at, id) = key.value();
        stored.insert((owner.to_owned(), created_at, id.to_owned()));
    }
    assert_eq!(stored, owners);
    let mut stored = BTreeMap::new();
    for row in snapshot.open_table(OWNED)?.iter()? {
        let (owner, count) = row?;
        stored.insert(owner.value().to_owned(), count.value());
    }
    assert_eq!(stored, owned);
    let mut stored = BTreeSet::new();
    for row in snapshot.open_table(WORKING)?.iter()? {
        stored.insert(row?.0.value().to_owned());
    }
    assert_eq!(stored, working);
    let mut stored = BTreeSet::new();
    for row in snapshot.open_table(EXPIRIES)?.iter()? {
        let key = row?.0;
        let (at, id) = key.value();
        stored.insert((at, id.to_owned()));
    }
    assert_eq!(stored, expiries);
    Ok(())
}
