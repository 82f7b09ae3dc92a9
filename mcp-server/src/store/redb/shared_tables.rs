//! The tables of sessions, of their streams, and of used values.

use redb::{ReadableTable as _, Table, TableDefinition, TableError, WriteTransaction};

/// Sessions by key: see [`SessionRow`](super::session_batch).
pub(super) const SESSIONS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("sessions");

/// The sessions by the time at which they expire.
pub(super) const SESSION_EXPIRIES: TableDefinition<'_, (u64, &[u8]), ()> =
    TableDefinition::new("session_expiries");

/// The number of sessions of each owner.
pub(super) const SESSIONS_OWNED: TableDefinition<'_, &str, u64> =
    TableDefinition::new("sessions_owned");

/// Events by session, stream and number.
pub(super) const EVENTS: TableDefinition<'_, (&[u8], u64, u64), &[u8]> =
    TableDefinition::new("events");

/// What is known of a stream: its size, its number of events, the number before the first one, that
/// of the last one, the time of that one, and the age of the stream.
pub(super) type StreamNumbers = (u64, u64, u64, u64, u64, u64);

/// Streams by session and number.
pub(super) const STREAMS: TableDefinition<'_, (&[u8], u64), StreamNumbers> =
    TableDefinition::new("streams");

/// Streams in the order of their last events.
pub(super) const STREAM_AGES: TableDefinition<'_, u64, (&[u8], u64)> =
    TableDefinition::new("stream_ages");

/// Used values: the time at which they are forgotten, and their owner.
pub(super) const NONCES: TableDefinition<'_, &[u8], (u64, Option<&str>)> =
    TableDefinition::new("nonces");

/// The used values by the time at which they are forgotten.
pub(super) const NONCE_EXPIRIES: TableDefinition<'_, (u64, &[u8]), ()> =
    TableDefinition::new("nonce_expiries");

/// The number of used values of each owner.
pub(super) const NONCES_OWNED: TableDefinition<'_, &str, u64> =
    TableDefinition::new("nonces_owned");

/// Creates the tables that do not exist.
pub(super) fn create(transaction: &WriteTransaction) -> Result<(), TableError> {
    transaction.open_table(SESSIONS)?;
    transaction.open_table(SESSION_EXPIRIES)?;
    transaction.open_table(SESSIONS_OWNED)?;
    transaction.open_table(EVENTS)?;
    transaction.open_table(STREAMS)?;
    transaction.open_table(STREAM_AGES)?;
    transaction.open_table(NONCES)?;
    transaction.open_table(NONCE_EXPIRIES)?;
    transaction.open_table(NONCES_OWNED)?;
    Ok(())
}

/// Counts one more entry of an owner.
pub(super) fn add_owned(
    owned: &mut Table<'_, &'static str, u64>,
    owner: &str,
) -> Result<(), redb::StorageError> {
    let count = owned.get(owner)?.map_or(0, |count| count.value());
    owned.insert(owner, count + 1)?;
    Ok(())
}

/// Counts one entry of an owner less.
pub(super) fn remove_owned(
    owned: &mut Table<'_, &'static str, u64>,
    owner: &str,
) -> Result<(), redb::StorageError> {
    let count = owned.get(owner)?.map_or(0, |count| count.value());
    if count <= 1 {
        owned.remove(owner)?;
    } else {
        owned.insert(owner, count - 1)?;
    }
    Ok(())
}
