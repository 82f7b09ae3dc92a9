//! The tables of the file.

use redb::{TableDefinition, TableError, WriteTransaction};

/// The version of these tables and of their rows. A file of a newer version is refused.
pub(super) const SCHEMA_VERSION: u64 = 1;

/// The row of [`META`] with the version of the file.
pub(super) const VERSION_ROW: &str = "schema_version";

/// The row of [`META`] with the size of all tasks, in bytes.
pub(super) const BYTES_ROW: &str = "bytes";

/// Numbers by name.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The heads of tasks by id, see [`codec`](super::codec).
pub(super) const HEADS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("heads");

/// The calls of tasks by id.
pub(super) const CALLS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("calls");

/// The outcomes of tasks by id. They are not in the heads, which each write of a worker replaces.
pub(super) const OUTCOMES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("outcomes");

/// The entries of journals by id and number.
pub(super) const JOURNAL: TableDefinition<'_, (&str, u64), &[u8]> = TableDefinition::new("journal");

/// The tasks of owners: the owner, the time of creation, and the id.
pub(super) const OWNERS: TableDefinition<'_, (&str, u64, &str), ()> =
    TableDefinition::new("owners");

/// The number of tasks of each owner.
pub(super) const OWNED: TableDefinition<'_, &str, u64> = TableDefinition::new("owned");

/// The working tasks. Their leases are in memory: no other process can have the file open, so none
/// outlives this one.
pub(super) const WORKING: TableDefinition<'_, &str, ()> = TableDefinition::new("working");

/// The tasks that expire: the time and the id.
pub(super) const EXPIRIES: TableDefinition<'_, (u64, &str), ()> = TableDefinition::new("expiries");

/// The tables, open for writing.
pub(super) struct Tables<'txn> {
    pub(super) meta: redb::Table<'txn, &'static str, u64>,
    pub(super) heads: redb::Table<'txn, &'static str, &'static [u8]>,
    pub(super) calls: redb::Table<'txn, &'static str, &'static [u8]>,
    pub(super) outcomes: redb::Table<'txn, &'static str, &'static [u8]>,
    pub(super) journal: redb::Table<'txn, (&'static str, u64), &'static [u8]>,
    pub(super) owners: redb::Table<'txn, (&'static str, u64, &'static str), ()>,
    pub(super) owned: redb::Table<'txn, &'static str, u64>,
    pub(super) working: redb::Table<'txn, &'static str, ()>,
    pub(super) expiries: redb::Table<'txn, (u64, &'static str), ()>,
}

impl<'txn> Tables<'txn> {
    /// Opens the tables, and creates those that do not exist.
    pub(super) fn open(transaction: &'txn WriteTransaction) -> Result<Self, TableError> {
        Ok(Self {
            meta: transaction.open_table(META)?,
            heads: transaction.open_table(HEADS)?,
            calls: transaction.open_table(CALLS)?,
            outcomes: transaction.open_table(OUTCOMES)?,
            journal: transaction.open_table(JOURNAL)?,
            owners: transaction.open_table(OWNERS)?,
            owned: transaction.open_table(OWNED)?,
            working: transaction.open_table(WORKING)?,
            expiries: transaction.open_table(EXPIRIES)?,
        })
    }
}
