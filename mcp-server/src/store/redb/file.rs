//! Opens the file.

use std::convert::Infallible;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;

use redb::backends::FileBackend;
use redb::{
    Builder, Database, DatabaseError, ReadableDatabase as _, ReadableTable as _, StorageBackend,
    StorageError, TableError, TableHandle as _,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::failure::Failure;
use super::schema::{BYTES_ROW, META, SCHEMA_VERSION, Tables, VERSION_ROW, WORKING};
use crate::store::leases::Leases;
use crate::store::task::StoreError;

/// The length of a file from which on it is compacted when less than half of it is in use. Fixed:
/// a smaller file is not worth the time.
const COMPACT_FROM_BYTES: u64 = 16 << 20;

/// A file that is open.
#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) database: Database,
    /// Dropped after the database, which tells that the file is closed.
    _closed: oneshot::Sender<Infallible>,
}

impl OpenFile {
    /// Returns the file, and a receiver that ends when it is closed.
    pub(super) fn new(database: Database) -> (Self, oneshot::Receiver<Infallible>) {
        let (sender, closed) = oneshot::channel();
        (Self { database, _closed: sender }, closed)
    }
}

/// Opens a file, or creates it.
pub(super) fn open(path: &Path, cache_bytes: usize) -> Result<(Database, Leases), StoreError> {
    match path.try_exists() {
        Ok(true) => open_existing(path, cache_bytes),
        Ok(false) => create(path, cache_bytes),
        Err(error) => Err(cannot_open(path, &error)),
    }
}

fn open_existing(path: &Path, cache_bytes: usize) -> Result<(Database, Leases), StoreError> {
    let file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.map_err(|error| cannot_open(path, &error))?;
    let length = file.metadata().map_err(|error| cannot_open(path, &error))?.len();
    if length == 0 {
        // A store that was created is never empty. The database would begin a new one in it.
        let path = path.display();
        let text = format!("{path} is empty and is not a store of tasks; delete it to create one");
        return Err(StoreError::invalid(text));
    }
    let backend = FileBackend::new(file).map_err(|error| refused(path, error))?;
    open_backend(path, backend, cache_bytes, length)
}

/// Creates a file under another name, and gives it its name when it is whole, so that a crash
/// leaves no file that cannot be opened.
fn create(path: &Path, cache_bytes: usize) -> Result<(Database, Leases), StoreError> {
    let mut new_name = path.as_os_str().to_owned();
    new_name.push(".new");
    let new_path = Path::new(&new_name);
    let created = match create_at(new_path, cache_bytes) {
        // A crash has left a part of a file. If it were in use, it would be locked.
        Err(StoreError::Invalid(_)) => {
            fs::remove_file(new_path).map_err(|error| cannot_open(new_path, &error))?;
            create_at(new_path, cache_bytes)?
        }
        created => created?,
    };
    // The new file is locked. Another process that has created the store meanwhile has given the
    // file its name before it released its lock.
    if path.try_exists().map_err(|error| cannot_open(path, &error))? {
        drop(created);
        fs::remove_file(new_path).map_err(|error| cannot_open(new_path, &error))?;
        return open_existing(path, cache_bytes);
    }
    fs::rename(new_path, path).map_err(|error| cannot_open(path, &error))?;
    sync_folder(path).map_err(|error| cannot_open(path, &error))?;
    Ok(created)
}

fn create_at(path: &Path, cache_bytes: usize) -> Result<(Database, Leases), StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| cannot_open(path, &error))?;
    let backend = FileBackend::new(file).map_err(|error| refused(path, error))?;
    open_backend(path, backend, cache_bytes, 0)
}

/// Writes the entry of a new file, which is in its folder and not written with the file.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

/// Opens a database. `length` is that of the file.
pub(super) fn open_backend(
    path: &Path,
    backend: impl StorageBackend,
    cache_bytes: usize,
    length: u64,
) -> Result<(Database, Leases), StoreError> {
    let mut builder = Builder::new();
    // Damage is found here, and not when a task is read.
    builder.set_cache_size(cache_bytes).set_check_integrity_on_open(true);
    let mut database =
        builder.create_with_backend(backend).map_err(|error| refused(path, error))?;
    let unreadable = |failure| match failure {
        Failure::Refused(error) => error,
        Failure::Database(error) => StoreError::invalid(format!("{}: {error}", path.display())),
    };
    let bytes = check_version(&database, path).map_err(unreadable)?;
    if length >= COMPACT_FROM_BYTES && length / 2 > bytes {
        database.compact().map_err(|error| cannot_open(path, &error))?;
    }
    let leases = create_tables(&database).map_err(unreadable)?;
    Ok((database, leases))
}

/// Checks that the file is a store of tasks of a version that can be read. Returns the size of its
/// tasks, in bytes.
fn check_version(database: &Database, path: &Path) -> Result<u64, Failure> {
    let snapshot = database.begin_read()?;
    let path = path.display();
    let meta = match snapshot.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => {
            let Some(table) = snapshot.list_tables()?.next() else { return Ok(0) };
            let table = table.name();
            let text = format!("{path} has a table {table:?} and is not a store of tasks");
            return Err(StoreError::invalid(text).into());
        }
        Err(error) => return Err(error.into()),
    };
    let version = meta.get(VERSION_ROW)?.map_or(0, |version| version.value());
    if version != SCHEMA_VERSION {
        let text = format!(
            "{path} has the schema version {version}, and this version of mcp-server reads only \
             {SCHEMA_VERSION}; use the version of mcp-server that wrote the file, or another file"
        );
        return Err(StoreError::invalid(text).into());
    }
    Ok(meta.get(BYTES_ROW)?.map_or(0, |bytes| bytes.value()))
}

/// Creates the tables that do not exist. Returns the leases: that of each working task has ended,
/// because no other process can have the file open.
fn create_tables(database: &Database) -> Result<Leases, Failure> {
    let transaction = database.begin_write()?;
    let mut tables = Tables::open(&transaction)?;
    tables.meta.insert(VERSION_ROW, SCHEMA_VERSION)?;
    drop(tables);
    #[cfg(feature = "http")]
    super::shared_tables::create(&transaction)?;
    transaction.commit()?;
    let now = Instant::now();
    let mut leases = Leases::default();
    for entry in database.begin_read()?.open_table(WORKING)?.iter()? {
        leases.set(&Arc::from(entry?.0.value()), Some(now));
    }
    Ok(leases)
}

fn refused(path: &Path, error: DatabaseError) -> StoreError {
    let path = path.display();
    match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::unavailable(format!(
            "{path} is open already, in another process or in this one; close the other store, or \
             use a file for each process; a store that several processes share needs a database \
             server"
        )),
        DatabaseError::Storage(StorageError::Corrupted(reason)) => StoreError::invalid(format!(
            "{path} is damaged: {reason}; restore it from a backup, or move it away to begin with \
             an empty store"
        )),
        DatabaseError::Storage(StorageError::Io(error))
            if error.kind() == io::ErrorKind::InvalidData =>
        {
            StoreError::invalid(format!(
                "{path} is not a store of tasks, or damaged: {error}; move it away to begin with \
                 an empty store"
            ))
        }
        DatabaseError::UpgradeRequired(version) => StoreError::invalid(format!(
            "{path} has the file format {version} of redb, which is too old; use another file"
        )),
        error => StoreError::unavailable(format!("{path} cannot be opened: {error}")),
    }
}

fn cannot_open(path: &Path, error: &dyn std::error::Error) -> StoreError {
    StoreError::unavailable(format!("{} cannot be opened: {error}", path.display()))
}
