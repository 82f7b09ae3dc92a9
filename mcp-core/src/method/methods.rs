//! The methods that one side of a conversation knows.

use super::row::Row;
use super::table;
use crate::revision::Revision;

/// The methods of the protocol, and those of extensions.
#[derive(Debug, Clone, Default)]
pub struct Methods {
    extensions: Vec<&'static [Row]>,
}

impl Methods {
    /// Creates the set of the methods in the [table](super::TABLE).
    #[must_use]
    pub const fn new() -> Self {
        Self { extensions: Vec::new() }
    }

    /// Adds the methods of an extension. A method of the table cannot be replaced.
    pub fn add(&mut self, rows: &'static [Row]) {
        if !rows.is_empty() {
            self.extensions.push(rows);
        }
    }

    /// Returns the row of a method. Of several rows in the table, that of the newest revision.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&'static Row> {
        table::find(name).or_else(|| self.find_extended(name))
    }

    /// Returns the row of a method of an extension that is not in the table.
    #[must_use]
    pub fn find_extended(&self, name: &str) -> Option<&'static Row> {
        self.of_extensions().find(|row| row.name == name)
    }

    /// Returns the row of a method in a revision.
    #[must_use]
    pub fn find_in(&self, name: &str, revision: Revision) -> Option<&'static Row> {
        table::find_in(name, revision).or_else(|| {
            self.of_extensions().find(|row| row.name == name && row.revisions.contains(revision))
        })
    }

    fn of_extensions(&self) -> impl Iterator<Item = &'static Row> {
        self.extensions.iter().copied().flatten()
    }
}
