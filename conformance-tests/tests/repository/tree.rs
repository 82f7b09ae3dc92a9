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
        assert!(has_test(&text, test), "{name} names {test}, which is no test in {path}.rs");
    }
    tests.len()
}

/// Whether a file has a test of this name: a function with the attribute, or an entry in the list
/// of a macro that makes tests.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let is_attribute =
        |line: &str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    // The attributes and comments of an item begin after an empty line, an item or a bracket.
    let is_test = |end: usize| {
        let before = lines[..end].iter().rev();
        let mut before =
            before.take_while(|line| !line.is_empty() && !line.ends_with(['}', '{', ';']));
        before.any(|line| is_attribute(line))
    };
    let function = format!("fn {name}(");
    let is_function = |line: &str| {
        let (before, _) = line.split_once(&function).unwrap_or(("//", ""));
        matches!(before.trim_end(), "" | "async" | "pub(crate)" | "pub(crate) async")
    };
    if (0..lines.len()).any(|index| is_function(lines[index]) && is_test(index)) {
        return true;
    }
    let by_macro =
        (0..lines.len()).any(|index| lines[index].contains("fn $name(") && is_test(index));
    by_macro && entries(&lines).any(|entry| entry == name)
}

/// The names in the lists of macros that make tests: `name: body;`, or `name, name`.
fn entries<'a>(lines: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let lists = lines.iter().scan(false, |is_list, line| {
        let is_entry = *is_list && *line != "}";
        let begins = line.strip_suffix("! {").is_some_and(|name| !name.contains(' '));
        *is_list = begins || is_entry;
        Some(if is_entry { line } else { "" })
    });
    let parts = lists.flat_map(|line| line.split([',', ';']));
    parts.map(|part| part.split(':').next().unwrap_or_default().trim())
}

#[test]
fn a_test_is_a_function_with_the_attribute_or_an_entry_of_a_macro() {
    let text = "fn helper() {}\n\n#[test]\nfn plain() {}\n\n#[cfg(unix)]\n#[tokio::test(start_paused = \
                true)]\n// Why.\nasync fn timed() {\n    fn inner() {}\n}\nfn after() {}\n// fn said() {}\n";
    let found = |text, names: &[&str]| names.iter().map(|name| has_test(text, name)).collect();
    let found: Vec<bool> =
        found(text, &["helper", "plain", "timed", "inner", "after", "said", "pla"]);
    assert_eq!(found, [false, true, true, false, false, false, false]);

    let lists = "#[test]\nfn $name() {\n    body();\n}\n\neach! {\n    one: body_one;\n    two, three,\n}\n\n\
                 fn four() {}\n";
    for (name, is_test) in
        [("one", true), ("two", true), ("three", true), ("body_one", false), ("four", false)]
    {
        assert_eq!(has_test(lists, name), is_test, "{name}");
    }
    assert!(!has_test(&lists.replace("#[test]", ""), "one"), "the macro makes no tests");
}
