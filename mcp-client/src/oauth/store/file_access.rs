//! Files and folders that other users can neither read nor replace.
//!
//! On Unix a file must belong to this user and have no permissions for others, no symbolic link is
//! followed to it, and its folder must not be writable by others. Elsewhere the access list of the
//! folder decides.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::oauth::error::{Error, ErrorKind};

/// The error for a file.
pub(super) fn failed(path: &Path, what: &str) -> Error {
    Error::new(ErrorKind::Store, format!("the credential file {} {what}", path.display()))
}

/// The name of a file that belongs to another one.
pub(super) fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(extension);
    path.with_file_name(name)
}

/// Makes the folder of a file, if need be, and checks it.
pub(super) fn prepare_folder(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    make_folder(folder)
        .map_err(|error| failed(path, "needs a folder that cannot be made").with_source(error))?;
    check_folder(path)
}

/// What reading a file found.
pub(super) enum Contents {
    Missing,
    /// It is longer than the bound.
    TooLong,
    Bytes(Vec<u8>),
}

/// Reads a file of at most `max_bytes`.
pub(super) fn read(path: &Path, max_bytes: u64) -> Result<Contents, Error> {
    let unreadable = |error: io::Error| failed(path, "cannot be read").with_source(error);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::Missing),
        Err(error) => return Err(unreadable(error)),
        Ok(found) if !found.is_file() => {
            return Err(failed(
                path,
                "is not a plain file; name the file itself, not a link to it",
            ));
        }
        Ok(_) => {}
    }
    check_folder(path)?;
    let file = match without_links(OpenOptions::new().read(true)).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Contents::Missing),
        Err(error) => return Err(unreadable(error)),
    };
    check_owner(path, &file)?;
    let mut text = Vec::new();
    file.take(max_bytes + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > max_bytes {
        return Ok(Contents::TooLong);
    }
    Ok(Contents::Bytes(text))
}

/// Replaces a file in one step. The caller holds a lock, so that no other process uses the name of
/// the new file.
pub(super) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let new = beside(path, "new");
    // A process that died may have left one. It may be open elsewhere, so it is not written to.
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

/// Opens a lock file, and makes it if need be.
pub(super) fn open_lock(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    let file = without_links(owner_only(&mut options))
        .open(path)
        .map_err(|error| failed(path, "cannot be opened").with_source(error))?;
    check_owner(path, &file)?;
    Ok(file)
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or_else(|| Path::new("."))
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(unix)]
fn without_links(options: &mut OpenOptions) -> &mut OpenOptions {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags)
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    std::os::unix::fs::DirBuilderExt::mode(fs::DirBuilder::new().recursive(true), 0o700)
        .create(folder)
}

/// A user who can write to the folder can replace the file and its locks.
#[cfg(unix)]
fn check_folder(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;

    let folder = folder_of(path);
    let metadata = fs::metadata(folder)
        .map_err(|error| failed(path, "has a folder that cannot be read").with_source(error))?;
    let owner = metadata.uid();
    if owner != rustix::process::geteuid().as_raw() && owner != 0 {
        return Err(failed(path, "is in a folder of another user"));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 == 0 {
        return Ok(());
    }
    let what = format!(
        "is in a folder that others can write to (mode {mode:04o}); use a folder of its own, or \
         run \"chmod go-w {}\"",
        folder.display()
    );
    Err(failed(path, &what))
}

#[cfg(unix)]
fn check_owner(path: &Path, file: &File) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata =
        file.metadata().map_err(|error| failed(path, "cannot be read").with_source(error))?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(failed(path, "belongs to another user"));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        let what =
            format!("can be read or written by others (mode {mode:04o}); run \"chmod 600\" on it");
        return Err(failed(path, &what));
    }
    Ok(())
}

/// The new name is on the disk only when the folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

#[cfg(not(unix))]
fn owner_only(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
fn without_links(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(not(unix))]
fn check_folder(_: &Path) -> Result<(), Error> {
    Ok(())
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &File) -> Result<(), Error> {
    Ok(())
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
