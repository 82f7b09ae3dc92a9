//! The files of the repository.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Folders with build output and installed packages.
const FOREIGN_FOLDERS: &[&str] = &["target", "node_modules", ".venv", "__pycache__", ".git"];

/// Returns the root of the workspace. Cargo sets the path of this package when it starts the
/// program; otherwise the path at build time is used.
pub(crate) fn root() -> PathBuf {
    let built_at = || env!("CARGO_MANIFEST_DIR").into();
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(built_at));
    package.parent().unwrap_or(&package).to_owned()
}

/// Returns the files with one of `extensions`, as paths relative to `root` with `/` between their
/// parts.
pub(crate) fn files(root: &Path, extensions: &[&str]) -> io::Result<Vec<String>> {
    let mut files = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let path = entry.path();
            let name = entry.file_name();
            let kind = entry.file_type()?;
            if kind.is_dir() && !FOREIGN_FOLDERS.iter().any(|foreign| name == *foreign) {
                folders.push(path);
            } else if kind.is_file()
                && path.extension().is_some_and(|have| extensions.iter().any(|it| have == *it))
            {
                files.push(relative(root, &path));
            }
        }
    }
    files.sort();
    Ok(files)
}

fn relative(root: &Path, path: &Path) -> String {
    let path = path.strip_prefix(root).unwrap_or(path);
    path.to_string_lossy().replace('\\', "/")
}
