//! A file of records: opened at the end of its chain, and appended to.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::error::AuditError;
use super::line::Region;
use super::verifier::{Scan, Verifier};

/// What a file is needed for; tests have one that fails.
pub(super) trait Storage: Send {
    /// Writes at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Forces to the disk what was written.
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts off what is after `length`.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Storage for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(drop)
    }
}

/// A file of records. The lock ends when it is dropped.
pub(super) struct AuditFile {
    storage: Box<dyn Storage>,
    /// The bytes whose write has succeeded.
    length: u64,
    /// Whether a failed write may have left something after them.
    is_dirty: bool,
}

/// A file that was opened.
pub(super) struct Opened {
    pub(super) file: AuditFile,
    /// The hash of its last record.
    pub(super) head: Option<String>,
    /// What an interrupted write has left after it.
    pub(super) torn: Option<Torn>,
}

/// What an interrupted write has left, as the next record describes it.
#[derive(Debug, Clone)]
pub(super) struct Torn {
    pub(super) bytes: u64,
    pub(super) digest: String,
}

impl AuditFile {
    /// Opens or creates a file. `after` is what its first record follows, if that is known.
    ///
    /// # Errors
    /// The file cannot be opened, is in use, or is not intact.
    pub(super) fn open(path: &Path, after: Option<&str>) -> Result<Opened, AuditError> {
        let open = |source| AuditError::Open { path: path.to_owned(), source };
        let mut file = open_locked(path)?;
        let verifier = match after {
            Some(hash) => Verifier::new().after(hash),
            // It may have been rotated.
            None => Verifier::of_any_beginning(),
        };
        let Scan { report, suspect, ends_in_line, .. } = verifier.scan(BufReader::new(&file));
        let mut length = file.seek(SeekFrom::End(0)).map_err(open)?;
        let mut region = match suspect {
            None => None,
            Some(suspect) if suspect.is_torn() => Some(suspect.region),
            Some(suspect) => {
                let fault = suspect.into_fault();
                return Err(AuditError::NotIntact { path: path.to_owned(), fault });
            }
        };
        if !ends_in_line {
            // The next record begins on a line of its own.
            file.write_all(b"\n").map_err(open)?;
            length += 1;
            if let Some(region) = &mut region {
                region.add(b"\n");
            }
        }
        if length == 0 {
            sync_folder(path).map_err(open)?;
        }
        let torn =
            region.map(|region: Region| Torn { bytes: region.bytes, digest: region.digest() });
        let file = Self { storage: Box::new(file), length, is_dirty: false };
        Ok(Opened { file, head: report.head, torn })
    }

    /// Opens a file that is new or empty.
    ///
    /// # Errors
    /// The file cannot be opened, is in use, or is not empty.
    pub(super) fn open_empty(path: &Path) -> Result<Self, AuditError> {
        let open = |source| AuditError::Open { path: path.to_owned(), source };
        let file = open_locked(path)?;
        if file.metadata().map_err(open)?.len() > 0 {
            return Err(open(io::Error::new(io::ErrorKind::AlreadyExists, "it is not empty")));
        }
        sync_folder(path).map_err(open)?;
        Ok(Self { storage: Box::new(file), length: 0, is_dirty: false })
    }

    /// Appends lines, all of them or none.
    ///
    /// # Errors
    /// They cannot be written, or `syncs` and they cannot be forced to the disk.
    pub(super) fn append(&mut self, lines: &[u8], syncs: bool) -> io::Result<()> {
        if self.is_dirty {
            self.storage.cut(self.length)?;
        }
        self.is_dirty = true;
        let written = self.storage.append(lines);
        let written = written.and_then(|()| if syncs { self.storage.sync() } else { Ok(()) });
        match written {
            Ok(()) => {
                self.is_dirty = false;
                self.length += lines.len() as u64;
                Ok(())
            }
            Err(error) => {
                // Tried again before the next write.
                self.is_dirty = self.storage.cut(self.length).is_err();
                Err(error)
            }
        }
    }

    /// Forces to the disk what was written.
    ///
    /// # Errors
    /// If that fails.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.storage.sync()
    }

    #[cfg(test)]
    pub(super) fn of(storage: impl Storage + 'static) -> Self {
        Self { storage: Box::new(storage), length: 0, is_dirty: false }
    }
}

fn open_locked(path: &Path) -> Result<File, AuditError> {
    let open = |source| AuditError::Open { path: path.to_owned(), source };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(open)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(AuditError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(open(error)),
    }
}

/// Makes the name of a new file outlive a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.map_or_else(|| PathBuf::from("."), Path::to_owned))?.sync_all()?;
    }
    Ok(())
}
