//! Credentials in one file, which its owner alone can read, for programs that are started again
//! and again.
//!
//! The file is read for each look, and written as a whole: into a new file beside it, to the disk,
//! and then in its place, so that a process that dies in between leaves the old one. Writers of all
//! processes take turns by a lock file, and so do refreshes of tokens.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use mcp_core::fetch::Secret;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::credential_store::{CredentialStore, StoreLock};
use super::file_access::{Contents, beside, failed, prepare_folder, read, replace};
use super::file_lock::{FileLock, RefreshLocks};
use super::key::CredentialKey;
use crate::http::BoxError;
use crate::oauth::error::{Error, ErrorKind};

// The bounds here are fixed because all programs that share a file must agree on them.

/// The format of the file.
const VERSION: u32 = 1;
/// Longest file, in bytes.
const MAX_BYTES: u64 = 4 << 20;
/// Most credentials in a file.
const MAX_ENTRIES: usize = 4_096;
/// Keeps credentials in a file that its owner alone can read.
///
/// On Unix the file is made with mode 0600. A file that others can read, that belongs to another
/// user, that is a symbolic link, or whose folder others can write to, is refused. On Windows the
/// file is as safe as its folder: put it below the user's profile, whose access list admits the
/// user, administrators and the system. The tokens are not encrypted: a program that can read the
/// user's files can read them.
///
/// Any number of processes can use one file. While one of them refreshes a token the others wait,
/// and then find the new one. Lock files stay beside the file; they are empty. The file system must
/// support locks, as local ones do.
///
/// A file that cannot be read is never overwritten: the calls fail, and say so, until the file is
/// repaired or moved away.
///
/// ```no_run
/// # fn example() -> Result<(), mcp_client::oauth::Error> {
/// use mcp_client::oauth::FileStore;
///
/// let store = FileStore::open("credentials/mcp.json")?;
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
    /// The turn within this process; between processes the lock file decides.
    writing: Arc<Mutex<()>>,
    refreshes: RefreshLocks,
}

#[derive(Serialize, Deserialize)]
struct Content {
    version: u32,
    credentials: BTreeMap<String, String>,
}

impl FileStore {
    /// Uses a file, and makes the folder that it is in. The file itself is made with the first
    /// credential. Reads the disk, so it may block for a moment.
    ///
    /// ```
    /// use mcp_client::oauth::{FileStore, OAuth};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let configuration = folder.path().join("notes");
    /// let store = FileStore::open(configuration.join("credentials.json"))?;
    /// let oauth = OAuth::authorization_code().store(store).build();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when the folder cannot be made or others can write to it, or when the
    /// file cannot be used: others can read it, or it is not a credential file.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        if path.file_name().is_none() {
            return Err(failed(&path, "has no file name"));
        }
        prepare_folder(&path)?;
        load_all(&path)?;
        let refreshes = RefreshLocks::new(&path);
        Ok(Self { shared: Arc::new(Shared { path, writing: Arc::default(), refreshes }) })
    }

    async fn get(&self, key: &str) -> Result<Option<Secret>, Error> {
        let (shared, key) = (Arc::clone(&self.shared), key.to_owned());
        let read = move || Ok(load_all(&shared.path)?.credentials.remove(&key).map(Secret::from));
        blocking(read).await
    }

    /// Writes or removes a credential. It ends what it has begun even if the future is dropped.
    async fn set(&self, key: &str, value: Option<&Secret>) -> Result<(), Error> {
        let path = beside(&self.shared.path, "lock");
        let lock = FileLock::take(&path, Arc::clone(&self.shared.writing)).await?;
        let shared = Arc::clone(&self.shared);
        let (key, value) = (key.to_owned(), value.map(|value| value.expose().to_owned()));
        blocking(move || {
            let _lock = lock;
            let mut content = load_all(&shared.path)?;
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
            save_all(&shared.path, &content)
        })
        .await
    }
}

#[async_trait]
impl CredentialStore for FileStore {
    async fn load(&self, key: &CredentialKey) -> Result<Option<Secret>, BoxError> {
        Ok(self.get(key.as_str()).await?)
    }

    async fn save(&self, key: &CredentialKey, value: &Secret) -> Result<(), BoxError> {
        Ok(self.set(key.as_str(), Some(value)).await?)
    }

    async fn remove(&self, key: &CredentialKey) -> Result<(), BoxError> {
        Ok(self.set(key.as_str(), None).await?)
    }

    async fn lock(&self, key: &CredentialKey) -> Result<StoreLock, BoxError> {
        Ok(StoreLock::new(self.shared.refreshes.take(key).await?))
    }
}

fn load_all(path: &Path) -> Result<Content, Error> {
    let text = match read(path, MAX_BYTES)? {
        Contents::Bytes(text) => text,
        Contents::Missing => {
            return Ok(Content { version: VERSION, credentials: BTreeMap::new() });
        }
        Contents::TooLong => {
            let what = format!("is longer than {MAX_BYTES} bytes, so it is not a credential file");
            return Err(failed(path, &what));
        }
    };
    // The parser's message could show a piece of the text, so only the position is reported.
    let content: Content = serde_json::from_slice(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let what = format!(
            "is not a credential file (line {line}, column {column}). It is left as it is: repair \
             it, or move it away to log in again"
        );
        failed(path, &what)
    })?;
    if content.version != VERSION {
        let version = content.version;
        let what = format!("has format {version}, and this program supports format {VERSION}");
        return Err(failed(path, &what));
    }
    Ok(content)
}

fn save_all(path: &Path, content: &Content) -> Result<(), Error> {
    if content.credentials.len() > MAX_ENTRIES {
        return Err(failed(path, &format!("is full: it has {MAX_ENTRIES} credentials")));
    }
    let text = serde_json::to_vec_pretty(content)
        .map_err(|error| failed(path, "cannot be written").with_source(error))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(failed(path, &format!("is full: it would be longer than {MAX_BYTES} bytes")));
    }
    replace(path, &text).map_err(|error| failed(path, "cannot be written").with_source(error))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        let message = "the credential file was not accessed: the runtime is ending";
        Err(Error::new(ErrorKind::Store, message).with_source(error))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;
    use tokio::task::JoinSet;

    use super::super::file_lock::REFRESH_LOCKS;
    use super::*;

    struct Fixture {
        folder: TempDir,
    }

    impl Fixture {
        fn new() -> Self {
            Self { folder: TempDir::new().unwrap() }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("below").join("credentials.json")
        }

        fn open(&self) -> FileStore {
            FileStore::open(self.path()).unwrap()
        }

        /// Puts a text where the file is.
        fn put(&self, text: &str) {
            fs::write(self.path(), text).unwrap();
            #[cfg(unix)]
            set_mode(&self.path(), 0o600);
        }
    }

    #[cfg(unix)]
    fn set_mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn key(name: &str) -> CredentialKey {
        CredentialKey::registration(name)
    }

    async fn load(store: &FileStore, name: &str) -> Option<String> {
        store.load(&key(name)).await.unwrap().map(|secret| secret.expose().to_owned())
    }

    #[tokio::test]
    async fn a_saved_credential_is_there_for_the_next_process() {
        let fixture = Fixture::new();
        let store = fixture.open();
        assert_eq!(load(&store, "a").await, None);
        assert!(!fixture.path().exists());
        store.save(&key("a"), &Secret::new("1")).await.unwrap();
        store.save(&key("b"), &Secret::new("\u{1F511}\"\n")).await.unwrap();
        store.save(&key("a"), &Secret::new("2")).await.unwrap();

        let next = fixture.open();
        assert_eq!(load(&next, "a").await.as_deref(), Some("2"));
        assert_eq!(load(&next, "b").await.as_deref(), Some("\u{1F511}\"\n"));
        next.remove(&key("a")).await.unwrap();
        next.remove(&key("a")).await.unwrap();
        // The file is read each time.
        assert_eq!(load(&store, "a").await, None);
        assert_eq!(load(&store, "b").await.as_deref(), Some("\u{1F511}\"\n"));
        assert!(!format!("{store:?}").contains("1F511"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;

        let fixture = Fixture::new();
        let store = fixture.open();
        store.save(&key("a"), &Secret::new("1")).await.unwrap();
        for entry in fs::read_dir(fixture.path().parent().unwrap()).unwrap() {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{entry:?}");
        }
        let folder = fs::metadata(fixture.path().parent().unwrap()).unwrap();
        assert_eq!(folder.permissions().mode() & 0o777, 0o700);

        for mode in [0o640, 0o604, 0o620, 0o602, 0o660, 0o666, 0o644, 0o777] {
            set_mode(&fixture.path(), mode);
            let error = FileStore::open(fixture.path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Store);
            let expected = format!(
                "can be read or written by others (mode {mode:04o}); run \"chmod 600\" on it"
            );
            assert!(error.to_string().ends_with(&expected), "{error}");
            assert!(store.load(&key("a")).await.is_err());
            assert!(store.save(&key("b"), &Secret::new("2")).await.is_err());
        }
        set_mode(&fixture.path(), 0o400);
        assert_eq!(load(&store, "a").await.as_deref(), Some("1"));
        assert!(FileStore::open(fixture.folder.path()).is_err());
        assert!(FileStore::open("/").is_err());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_folder_that_others_can_write_to_is_refused() {
        let fixture = Fixture::new();
        let store = fixture.open();
        store.save(&key("a"), &Secret::new("1")).await.unwrap();
        let folder = fixture.path().parent().unwrap().to_owned();
        for mode in [0o777, 0o775, 0o757, 0o722, 0o1777] {
            set_mode(&folder, mode);
            let error = FileStore::open(fixture.path()).unwrap_err().to_string();
            let expected =
                format!("is in a folder that others can write to (mode {mode:04o}); use a folder");
            assert!(error.contains(&expected), "{error}");
            assert!(store.load(&key("a")).await.is_err());
            assert!(store.save(&key("b"), &Secret::new("2")).await.is_err());
        }
        for mode in [0o755, 0o750, 0o700] {
            set_mode(&folder, mode);
            assert_eq!(load(&store, "a").await.as_deref(), Some("1"));
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn no_symbolic_link_is_followed() {
        use std::os::unix::fs::symlink;

        let fixture = Fixture::new();
        let store = fixture.open();
        store.save(&key("a"), &Secret::new("1")).await.unwrap();
        let link = fixture.path().with_file_name("link.json");
        symlink(fixture.path(), &link).unwrap();
        let error = FileStore::open(&link).unwrap_err().to_string();
        let expected = "is not a plain file; name the file itself, not a link to it";
        assert!(error.ends_with(expected), "{error}");

        // A lock that is a link would create or touch a file elsewhere.
        let target = fixture.folder.path().join("victim");
        let names = (0..REFRESH_LOCKS).map(|number| format!("refresh{number}.lock"));
        for name in names.chain(["lock".to_owned()]) {
            let lock = beside(&fixture.path(), &name);
            let _ = fs::remove_file(&lock);
            symlink(&target, &lock).unwrap();
        }
        let error = store.lock(&key("a")).await.unwrap_err().to_string();
        assert!(error.ends_with("cannot be opened"), "{error}");
        assert!(!target.exists(), "the link was followed");
        assert!(store.save(&key("b"), &Secret::new("2")).await.is_err());
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_read_is_left_as_it_is() {
        for (text, reason) in [
            ("", "is not a credential file (line 1, column 0). It is left as it is: repair it"),
            (
                "{\"version\":1,\"credentials\":{\"a\":\"canary",
                "is not a credential file (line 1, column 39)",
            ),
            ("[]", "is not a credential file"),
            ("{\"version\":1,\"credentials\":{\"a\":7}}", "is not a credential file"),
            ("{\"version\":2,\"credentials\":{}}", "has format 2, and this program supports"),
            (&" ".repeat((4 << 20) + 1), "is longer than 4194304 bytes"),
        ] {
            let fixture = Fixture::new();
            let store = fixture.open();
            fixture.put(text);
            let error = FileStore::open(fixture.path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Store);
            assert!(error.to_string().contains(reason), "{error}");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
            assert!(store.load(&key("a")).await.is_err());
            assert!(store.save(&key("a"), &Secret::new("1")).await.is_err());
            assert!(store.remove(&key("a")).await.is_err());
            assert_eq!(fs::read_to_string(fixture.path()).unwrap(), text);
        }
    }

    #[tokio::test]
    async fn entries_and_bytes_are_bounded() {
        let fixture = Fixture::new();
        let store = fixture.open();
        let entries: Vec<String> =
            (0..MAX_ENTRIES).map(|index| format!("\"{index}\":\"\"")).collect();
        fixture.put(&format!("{{\"version\":1,\"credentials\":{{{}}}}}", entries.join(",")));
        let error = store.save(&key("a"), &Secret::new("1")).await.unwrap_err().to_string();
        assert!(error.ends_with("is full: it has 4096 credentials"), "{error}");

        fs::remove_file(fixture.path()).unwrap();
        store.save(&key("a"), &Secret::new("1")).await.unwrap();
        let long = Secret::new("x".repeat(4 << 20));
        let error = store.save(&key("b"), &long).await.unwrap_err().to_string();
        assert!(error.ends_with("is full: it would be longer than 4194304 bytes"), "{error}");
        assert_eq!(load(&store, "a").await.as_deref(), Some("1"));
        assert_eq!(load(&store, "b").await, None);
    }

    #[tokio::test]
    async fn a_writer_that_died_does_no_harm() {
        let fixture = Fixture::new();
        let store = fixture.open();
        store.save(&key("a"), &Secret::new("1")).await.unwrap();
        // It died between the new file and its new name.
        let left = fixture.path().with_file_name("credentials.json.new");
        fs::write(&left, "{\"version\":1,\"cre").unwrap();
        assert_eq!(load(&fixture.open(), "a").await.as_deref(), Some("1"));
        store.save(&key("b"), &Secret::new("2")).await.unwrap();
        assert!(!left.exists());
        assert_eq!(load(&fixture.open(), "b").await.as_deref(), Some("2"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn writers_keep_the_entries_of_each_other() {
        let fixture = Fixture::new();
        let mut writers = JoinSet::new();
        for writer in 0..8 {
            // Each opens the file for itself, as processes do.
            let store = fixture.open();
            writers.spawn(async move {
                for number in 0..5 {
                    let key = key(&format!("{writer}.{number}"));
                    store.save(&key, &Secret::new("x")).await.unwrap();
                }
            });
        }
        writers.join_all().await;
        let store = fixture.open();
        for writer in 0..8 {
            for number in 0..5 {
                assert!(load(&store, &format!("{writer}.{number}")).await.is_some());
            }
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn one_refresh_holds_the_lock_at_a_time() {
        let fixture = Fixture::new();
        let rounds = Arc::new(std::sync::Mutex::new(()));
        let mut refreshers = JoinSet::new();
        for _ in 0..8 {
            let (store, rounds) = (fixture.open(), Arc::clone(&rounds));
            refreshers.spawn(async move {
                let lock = store.lock(&key("a")).await.unwrap();
                // If two tasks held the lock, one of them could not take this.
                let held = rounds.try_lock().unwrap();
                std::thread::yield_now();
                drop(held);
                let count = load(&store, "count").await.map_or(0, |count| count.parse().unwrap());
                let next = Secret::from((count + 1).to_string());
                store.save(&key("count"), &next).await.unwrap();
                drop(lock);
            });
        }
        refreshers.join_all().await;
        assert_eq!(load(&fixture.open(), "count").await.as_deref(), Some("8"));
    }

    #[tokio::test(start_paused = true)]
    async fn waiting_for_a_lock_ends() {
        let fixture = Fixture::new();
        let (one, other) = (fixture.open(), fixture.open());
        let held = one.lock(&key("a")).await.unwrap();
        let started = tokio::time::Instant::now();
        let error = other.lock(&key("a")).await.unwrap_err().to_string();
        assert!(error.ends_with("has been locked by another task or process for 60s"), "{error}");
        assert_eq!(started.elapsed().as_secs(), 60);
        // Within one store the wait is as long, and a task that gives up leaves the turn to others.
        assert!(one.lock(&key("a")).await.is_err());
        drop(held);
        assert!(other.lock(&key("a")).await.is_ok());
        assert!(one.lock(&key("a")).await.is_ok());
    }
}
