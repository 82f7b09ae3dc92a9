//! The files of the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders with build output, installed packages and copies of other repositories.
const FOREIGN: [&str; 5] = [".git", "target", "node_modules", ".venv", "specification"];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A text file.
pub(crate) struct File {
    /// The path from the root of the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Reads the files of this repository with one of the extensions.
pub(crate) fn files(extensions: &[&str]) -> Vec<File> {
    let mut files = Vec::new();
    read(&root(), Path::new(""), extensions, &mut files);
    assert!(files.len() > 5, "only {} files were found", files.len());
    files
}

/// Reads a file by its path from the root.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn read(root: &Path, folder: &Path, extensions: &[&str], files: &mut Vec<File>) {
    for entry in fs::read_dir(root.join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        let path = folder.join(&name);
        if entry.file_type().expect("a type").is_dir() {
            if !FOREIGN.iter().any(|foreign| name == *foreign) {
                read(root, &path, extensions, files);
            }
        } else if path
            .extension()
            .is_some_and(|extension| extensions.iter().any(|known| extension == *known))
        {
            let text = fs::read_to_string(root.join(&path)).expect("a text");
            files.push(File { path, text });
        }
    }
}

/// Checks that each test which a document names as `path.rs::name` exists. Returns their number.
pub(crate) fn check_tests_exist(name: &str, document: &str) -> usize {
    let tests: BTreeSet<_> =
        document.split('`').filter_map(|code| code.split_once(".rs::")).collect();
    for (path, test) in &tests {
        let text = text(&format!("{path}.rs"));
        // Some tests are named in the macro that makes them.
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        assert!(
            words.any(|word| word == *test),
            "{name} names {test}, which {path}.rs does not have"
        );
    }
    tests.len()
}
