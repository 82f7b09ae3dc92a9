//! The text of the repository, read once for all rules.

use std::{collections::BTreeMap, fs, io, path::Path, sync::OnceLock};

use super::{
    code::{self, Token},
    prose::{self, Block},
};
use crate::repository;

/// The source folders of the crates to which the rules for libraries apply.
const LIBRARIES: [&str; 3] = ["mcp-core/src/", "mcp-server/src/", "mcp-client/src/"];

/// Texts by their path relative to the root, with `/` as the separator.
pub(super) struct Tree {
    files: BTreeMap<String, File>,
}

#[derive(Default)]
struct File {
    text: String,
    tokens: OnceLock<Vec<Token>>,
    prose: OnceLock<Vec<Block>>,
}

impl Tree {
    /// Reads Rust sources, manifests and Markdown.
    pub(super) fn read(root: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for path in repository::files(root, &["rs", "md", "toml"])? {
            let text = fs::read_to_string(root.join(&path))
                .map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
            files.insert(path, File { text, ..File::default() });
        }
        Ok(Self { files })
    }

    /// A tree for tests of rules.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let own = |(path, text): &(&str, &str)| {
            (path.to_string(), File { text: text.to_string(), ..File::default() })
        };
        Self { files: files.iter().map(own).collect() }
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|file| file.text.as_str())
    }

    /// Returns the tokens of a Rust file, or none if it is missing or invalid.
    pub(super) fn tokens(&self, path: &str) -> &[Token] {
        let read = |file: &File| code::tokens(&file.text).unwrap_or_default();
        self.files.get(path).map_or(&[], |file| file.tokens.get_or_init(|| read(file)))
    }

    /// Returns the prose of a Rust or Markdown file.
    pub(super) fn prose(&self, path: &str) -> &[Block] {
        let read = |file: &File| match path.ends_with(".md") {
            true => prose::markdown(&file.text),
            false => prose::rust(&file.text),
        };
        self.files.get(path).map_or(&[], |file| file.prose.get_or_init(|| read(file)))
    }

    pub(super) fn rust(&self) -> impl Iterator<Item = (&str, &str)> {
        self.with_extension(".rs")
    }

    pub(super) fn markdown(&self) -> impl Iterator<Item = (&str, &str)> {
        self.with_extension(".md")
    }

    /// Returns the source files of the three libraries, without files that contain only tests.
    pub(super) fn libraries(&self) -> impl Iterator<Item = &str> {
        self.rust().map(|(path, _)| path).filter(|path| {
            LIBRARIES.iter().any(|library| path.starts_with(library)) && !is_test_file(path)
        })
    }

    fn with_extension(&self, extension: &'static str) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.ends_with(extension))
            .map(|(path, file)| (path.as_str(), file.text.as_str()))
    }
}

/// Whether the file is a module of unit tests.
pub(super) fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with("_tests.rs") || name == "tests.rs"
}
