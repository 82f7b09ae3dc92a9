//! The file of credentials, on a real disk.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::task::JoinSet;

use super::error::ErrorKind;
use super::file_store::FileStore;
use super::secret::Secret;
use super::store::{CredentialKey, CredentialStore as _};

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
        fs::create_dir_all(self.path().parent().unwrap()).unwrap();
        fs::write(self.path(), text).unwrap();
        #[cfg(unix)]
        self.mode(0o600);
    }

    #[cfg(unix)]
    fn mode(&self, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(self.path(), fs::Permissions::from_mode(mode)).unwrap();
    }
}

fn key(name: &str) -> CredentialKey {
    CredentialKey::registration(name)
}

async fn load(store: &FileStore, name: &str) -> Option<String> {
    store.load(&key(name)).await.unwrap().map(|secret| secret.expose().to_owned())
}

#[tokio::test]
async fn what_is_saved_is_there_for_the_next_process() {
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
    // The file is read anew each time.
    assert_eq!(load(&store, "a").await, None);
    assert_eq!(load(&store, "b").await.as_deref(), Some("\u{1F511}\"\n"));
    assert!(!format!("{store:?}").contains("1F511"));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_it() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

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
        fixture.mode(mode);
        let error = FileStore::open(fixture.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        let expected =
            format!("can be read or written by others (mode {mode:04o}): run \"chmod 600\" on it");
        assert!(error.to_string().ends_with(&expected), "{error}");
        assert!(store.load(&key("a")).await.is_err());
        assert!(store.save(&key("b"), &Secret::new("2")).await.is_err());
    }
    fixture.mode(0o400);
    assert_eq!(load(&store, "a").await.as_deref(), Some("1"));

    let link = fixture.folder.path().join("link.json");
    symlink(fixture.path(), &link).unwrap();
    let error = FileStore::open(&link).unwrap_err().to_string();
    assert!(error.ends_with("is no plain file: name the file itself, not a link to it"), "{error}");
    assert!(FileStore::open(fixture.folder.path()).is_err());
    assert!(FileStore::open("/").is_err());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_left_as_it_is() {
    for (text, reason) in [
        (
            "",
            "is no credential file (line 1, column 0). It is left as it is: mend it, or move it away to log in anew",
        ),
        (
            "{\"version\":1,\"credentials\":{\"a\":\"canary",
            "is no credential file (line 1, column 39)",
        ),
        ("[]", "is no credential file"),
        ("{\"version\":1,\"credentials\":{\"a\":7}}", "is no credential file"),
        ("{\"version\":2,\"credentials\":{}}", "has format 2, and this program knows format 1"),
        (&" ".repeat((4 << 20) + 1), "is longer than 4194304 bytes, so it is no credential file"),
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
async fn it_has_bounds() {
    let fixture = Fixture::new();
    let store = fixture.open();
    let entries: Vec<String> = (0..4_096).map(|index| format!("\"{index}\":\"\"")).collect();
    let full = format!("{{\"version\":1,\"credentials\":{{{}}}}}", entries.join(","));
    fixture.put(&full);
    let error = store.save(&key("a"), &Secret::new("1")).await.unwrap_err().to_string();
    assert!(error.ends_with("is full: it has 4096 credentials"), "{error}");

    fs::remove_file(fixture.path()).unwrap();
    store.save(&key("a"), &Secret::new("1")).await.unwrap();
    let error =
        store.save(&key("b"), &Secret::new("x".repeat(4 << 20))).await.unwrap_err().to_string();
    assert!(error.ends_with("is full: it would be longer than 4194304 bytes"), "{error}");
    assert_eq!(load(&store, "a").await.as_deref(), Some("1"));
    assert_eq!(load(&store, "b").await, None);
}

#[tokio::test]
async fn a_writer_that_died_is_no_harm() {
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
async fn writers_lose_nothing_of_each_other() {
    let fixture = Fixture::new();
    let mut writers = JoinSet::new();
    for writer in 0..8 {
        // Each has the file for itself, as processes have.
        let store = fixture.open();
        writers.spawn(async move {
            for number in 0..5 {
                store.save(&key(&format!("{writer}.{number}")), &Secret::new("x")).await.unwrap();
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
async fn one_refresh_at_a_time() {
    let fixture = Fixture::new();
    let rounds = Arc::new(std::sync::Mutex::new(()));
    let mut refreshers = JoinSet::new();
    for _ in 0..8 {
        let (store, rounds) = (fixture.open(), Arc::clone(&rounds));
        refreshers.spawn(async move {
            let lock = store.lock(&key("a")).await.unwrap();
            // What two held at once, one could not take.
            let held = rounds.try_lock().unwrap();
            std::thread::yield_now();
            drop(held);
            let count = load(&store, "count").await.map_or(0, |count| count.parse().unwrap());
            store.save(&key("count"), &Secret::from((count + 1).to_string())).await.unwrap();
            drop(lock);
        });
    }
    refreshers.join_all().await;
    assert_eq!(load(&fixture.open(), "count").await.as_deref(), Some("8"));
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_not_waited_for_without_end() {
    let fixture = Fixture::new();
    let (one, other) = (fixture.open(), fixture.open());
    let held = one.lock(&key("a")).await.unwrap();
    let started = tokio::time::Instant::now();
    let error = other.lock(&key("a")).await.unwrap_err().to_string();
    assert!(error.ends_with("has been locked by somebody else for 60s"), "{error}");
    assert_eq!(started.elapsed().as_secs(), 60);
    // Within one store the wait is as long, and whoever gives up leaves the turn to others.
    assert!(one.lock(&key("a")).await.is_err());
    drop(held);
    assert!(other.lock(&key("a")).await.is_ok());
    assert!(one.lock(&key("a")).await.is_ok());
}
