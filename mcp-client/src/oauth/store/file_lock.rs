//! A lock across tasks and processes.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use mcp_core::jose::sha256;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{sleep, timeout};

use super::file_access::{beside, failed, open_lock};
use super::key::CredentialKey;
use crate::oauth::error::Error;

/// How long a lock is waited for. A refresh takes less: its requests have 10 s each. Fixed, like
/// all bounds of a file that programs share.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a lock that another process holds is tried.
const LOCK_INTERVAL: Duration = Duration::from_millis(25);

/// The lock files that the refreshes of all credentials share. Two credentials of one lock file
/// wait for each other, which takes time and does no harm; a lock file for each credential would
/// litter the folder, and removing one safely is possible on few systems.
pub(super) const REFRESH_LOCKS: usize = 64;

/// The locks of the credentials of a store, across tasks and processes.
#[derive(Debug)]
pub(super) struct RefreshLocks {
    /// The lock files are beside this one.
    path: PathBuf,
    /// The turns within this process; between processes the lock files decide.
    turns: [Arc<Mutex<()>>; REFRESH_LOCKS],
}

impl RefreshLocks {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), turns: std::array::from_fn(|_| Arc::default()) }
    }

    /// Waits for the turn to refresh a credential.
    pub(super) async fn take(&self, key: &CredentialKey) -> Result<FileLock, Error> {
        let number = usize::from(sha256(key.as_str().as_bytes())[0]) % REFRESH_LOCKS;
        let turn = self.turns.get(number).map(Arc::clone).unwrap_or_default();
        FileLock::take(&beside(&self.path, &format!("refresh{number}.lock")), turn).await
    }
}

/// A lock file that this process has locked. The operating system ends the lock with the process,
/// however that ends.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
    _turn: OwnedMutexGuard<()>,
}

impl FileLock {
    /// Waits for the turn within this process, and then for the lock file.
    pub(super) async fn take(path: &Path, turn: Arc<Mutex<()>>) -> Result<Self, Error> {
        let waited = timeout(LOCK_TIMEOUT, async {
            let turn = turn.lock_owned().await;
            let file = open_lock(path)?;
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(Self { _file: file, _turn: turn }),
                    Err(TryLockError::WouldBlock) => sleep(LOCK_INTERVAL).await,
                    Err(TryLockError::Error(error)) => {
                        return Err(failed(path, "cannot be locked").with_source(error));
                    }
                }
            }
        });
        waited.await.unwrap_or_else(|_| {
            let what = format!("has been locked by another task or process for {LOCK_TIMEOUT:?}");
            Err(failed(path, &what))
        })
    }
}
