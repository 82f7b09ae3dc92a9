//! The files of the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are built or installed, and copies of other repositories.
const FOREIGN: [&str; 5] = [".git", "target", "node_modules", ".venv", "specification"];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A file of text.
pub(crate) struct File {
    /// From the root of the repository.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Every file that people write, and that has one of the endings.
pub(crate) fn files(endings: &[&str]) -> Vec<File> {
    let mut files = Vec::new();
    read(&root(), Path::new(""), endings, &mut files);
    assert!(files.len() > 5, "the repository was not found");
    files
}

/// One file, by its path from the root.
pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn read(root: &Path, folder: &Path, endings: &[&str], files: &mut Vec<File>) {
    for entry in fs::read_dir(root.join(folder)).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name();
        let path = folder.join(&name);
        if entry.file_type().expect("a type").is_dir() {
            if !FOREIGN.iter().any(|foreign| name == *foreign) {
                read(root, &path, endings, files);
            }
        } else if path
            .extension()
            .is_some_and(|ending| endings.iter().any(|known| ending == *known))
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
