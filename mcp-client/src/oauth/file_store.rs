//! Credentials in one file, which its owner alone can read, for programs that are started again and again.
//!
//! The file is read anew for each look, and written whole: into a new file beside it, to the disk, and then in its
//! place, so that whoever dies in between leaves the old one. Writers of all processes take turns by a lock file,
//! and so do those who refresh a token.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mcp_core::service::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{sleep, timeout};

use super::error::{Error, ErrorKind};
use super::jws::sha256;
use super::secret::Secret;
use super::store::{CredentialKey, CredentialStore, StoreLock};
use crate::http::BoxError;

/// The format of the file that is written.
const VERSION: u32 = 1;
/// Longest file, in bytes.
const MOST_BYTES: u64 = 4 << 20;
/// Most credentials in a file.
const MOST_ENTRIES: usize = 4_096;
/// How many lock files the refreshes of all credentials share: two of one lock wait for each other.
const REFRESH_LOCKS: usize = 8;
/// How long a lock is waited for. Longer than a refresh takes, whose requests have 10 s each.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a lock that another process holds is tried.
const TRY_AGAIN: Duration = Duration::from_millis(25);

/// Keeps credentials in a file that its owner alone can read.
///
/// On Unix the file is made with mode 0600, and one that others can read, that belongs to somebody else, or that is
/// a symbolic link is refused. On Windows the file is as safe as its folder: put it below the user's profile, whose
/// access list lets in the user, administrators and the system. The tokens are not encrypted: whoever may read the
/// user's files may read them.
///
/// Any number of processes can use one file. While one of them refreshes a token the others wait, and then find the
/// new one. Lock files stay beside the file; they are empty. The file system must know locks: a local one does.
///
/// A file that cannot be read is never written over: the calls fail, and say so, until somebody has moved it away.
///
/// ```no_run
/// # fn example() -> Result<(), mcp_client::oauth::Error> {
/// use mcp_client::oauth::FileStore;
///
/// let store = FileStore::open("credentials.json")?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct FileStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    path: PathBuf,
    /// The turns within this process; between processes the lock files decide.
    writing: Arc<Mutex<()>>,
    refreshing: [Arc<Mutex<()>>; REFRESH_LOCKS],
}

/// A lock across processes. The operating system ends it with the process, however that ends.
#[derive(Debug)]
struct FileLock {
    _file: File,
    _turn: OwnedMutexGuard<()>,
}

#[derive(Serialize, Deserialize)]
struct Content {
    version: u32,
    credentials: BTreeMap<String, String>,
}

impl FileStore {
    /// Uses a file, and makes the folder that it is in. The file is made with the first credential. Looks at the disk,
    /// so it may block for a moment.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when the folder cannot be made, or the file is there and cannot be used: others may read
    /// it, or it is no credential file.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        if path.file_name().is_none() {
            return Err(failed(&path, "is no name of a file"));
        }
        if let Some(folder) = folder(&path) {
            make_folder(folder).map_err(|error| failed(folder, "cannot be made").because(error))?;
        }
        read(&path)?;
        let shared = Shared { path, writing: Arc::default(), refreshing: Default::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    async fn get(&self, key: &str) -> Result<Option<Secret>, Error> {
        let (shared, key) = (Arc::clone(&self.shared), key.to_owned());
        blocking(move || Ok(read(&shared.path)?.credentials.remove(&key).map(Secret::from))).await
    }

    /// Once it has begun to write it ends, even if nobody waits any more.
    async fn set(&self, key: &str, value: Option<&Secret>) -> Result<(), Error> {
        let lock = self.lock_file("lock", Arc::clone(&self.shared.writing)).await?;
        let shared = Arc::clone(&self.shared);
        let (key, value) = (key.to_owned(), value.map(|value| value.expose().to_owned()));
        blocking(move || {
            let _lock = lock;
            let mut content = read(&shared.path)?;
            match value {
                Some(value) => {
                    if content.credentials.get(&key) == Some(&value) {
                        return Ok(());
                    }
                    content.credentials.insert(key, value);
                }
                None if content.credentials.remove(&key).is_none() => return Ok(()),
                None => {}
            }
            write(&shared.path, &content)
        })
        .await
    }

    /// Waits for the turn to refresh a credential.
    async fn refresh_lock(&self, key: &str) -> Result<FileLock, Error> {
        let number = usize::from(sha256(key.as_bytes())[0]) % REFRESH_LOCKS;
        let turn = self.shared.refreshing.get(number).map(Arc::clone).unwrap_or_default();
        self.lock_file(&format!("refresh{number}.lock"), turn).await
    }

    async fn lock_file(&self, extension: &str, turn: Arc<Mutex<()>>) -> Result<FileLock, Error> {
        let path = beside(&self.shared.path, extension);
        let waited = timeout(LOCK_TIMEOUT, async {
            let turn = turn.lock_owned().await;
            let file =
                owner_only(OpenOptions::new().create(true).truncate(false).write(true)).open(&path);
            let file = file.map_err(|error| failed(&path, "cannot be opened").because(error))?;
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(FileLock { _file: file, _turn: turn }),
                    Err(TryLockError::WouldBlock) => sleep(TRY_AGAIN).await,
                    Err(TryLockError::Error(error)) => {
                        return Err(failed(&path, "cannot be locked").because(error));
                    }
                }
            }
        });
        waited.await.unwrap_or_else(|_| {
            Err(failed(&path, &format!("has been locked by somebody else for {LOCK_TIMEOUT:?}")))
        })
    }
}

impl CredentialStore for FileStore {
    fn load<'a>(
        &'a self,
        key: &'a CredentialKey,
    ) -> BoxFuture<'a, Result<Option<Secret>, BoxError>> {
        Box::pin(async move { Ok(self.get(key.as_str()).await?) })
    }

    fn save<'a>(
        &'a self,
        key: &'a CredentialKey,
        value: &'a Secret,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { Ok(self.set(key.as_str(), Some(value)).await?) })
    }

    fn remove<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { Ok(self.set(key.as_str(), None).await?) })
    }

    fn lock<'a>(&'a self, key: &'a CredentialKey) -> BoxFuture<'a, Result<StoreLock, BoxError>> {
        Box::pin(async move { Ok(StoreLock::new(self.refresh_lock(key.as_str()).await?)) })
    }
}

fn read(path: &Path) -> Result<Content, Error> {
    let empty = Content { version: VERSION, credentials: BTreeMap::new() };
    let unreadable = |error: io::Error| failed(path, "cannot be read").because(error);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(empty),
        Err(error) => return Err(unreadable(error)),
        Ok(found) if !found.is_file() => {
            return Err(failed(path, "is no plain file: name the file itself, not a link to it"));
        }
        Ok(_) => {}
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(empty),
        Err(error) => return Err(unreadable(error)),
    };
    check_owner(path, &file)?;
    let mut text = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MOST_BYTES {
        return Err(failed(
            path,
            &format!("is longer than {MOST_BYTES} bytes, so it is no credential file"),
        ));
    }
    // What the parser says of a text could show a piece of it: only the place is told.
    let content: Content = serde_json::from_slice(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = format!(
            "is no credential file (line {line}, column {column}). It is left as it is: mend it, or move it away \
             to log in anew"
        );
        failed(path, &what)
    })?;
    if content.version != VERSION {
        let version = content.version;
        return Err(failed(
            path,
            &format!("has format {version}, and this program knows format {VERSION}"),
        ));
    }
    Ok(content)
}

fn write(path: &Path, content: &Content) -> Result<(), Error> {
    if content.credentials.len() > MOST_ENTRIES {
        return Err(failed(path, &format!("is full: it has {MOST_ENTRIES} credentials")));
    }
    let text = serde_json::to_vec_pretty(content)
        .map_err(|error| failed(path, "cannot be written").because(error))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(failed(path, &format!("is full: it would be longer than {MOST_BYTES} bytes")));
    }
    replace(path, &text).map_err(|error| failed(path, "cannot be written").because(error))
}

/// Puts a text in the place of a file, in one step. The lock is held, so nobody else has the new file's name.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let new = beside(path, "new");
    // One may be left by a process that died. It is not ours to write into, since it may be open elsewhere.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = owner_only(OpenOptions::new().create_new(true).write(true)).open(&new)?;
    file.write_all(text)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&new, path)?;
    sync_folder(path)
}

/// The name of a file that belongs to another one.
fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(extension);
    path.with_file_name(name)
}

fn folder(path: &Path) -> Option<&Path> {
    path.parent().filter(|folder| !folder.as_os_str().is_empty())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Error::new(ErrorKind::Store, "the credential file was not reached").because(error))
    })
}

fn failed(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Store, format!("the credential file {} {what}", path.display()))
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    std::os::unix::fs::DirBuilderExt::mode(fs::DirBuilder::new().recursive(true), 0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn check_owner(path: &Path, file: &File) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata =
        file.metadata().map_err(|error| failed(path, "cannot be read").because(error))?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(failed(path, "belongs to another user"));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        let what =
            format!("can be read or written by others (mode {mode:04o}): run \"chmod 600\" on it");
        return Err(failed(path, &what));
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &File) -> Result<(), Error> {
    Ok(())
}

/// The new name is on the disk only when the folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path).unwrap_or_else(|| Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
