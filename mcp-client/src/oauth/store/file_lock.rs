//! A lock across tasks and processes.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::{sleep, timeout};

use super::file_access::{failed, open_lock};
use crate::oauth::error::Error;

/// How long a lock is waited for. A refresh takes less: its requests have 10 s each. Fixed, like
/// all bounds of a file that programs share.
const LOCK_TIMEOUT: Duration = Duration::from_secs(60);
/// How often a lock that another process holds is tried.
const LOCK_INTERVAL: Duration = Duration::from_millis(25);

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
            let what = format!("has been locked by another process for {LOCK_TIMEOUT:?}");
            Err(failed(path, &what))
        })
    }
}
