//! A row of the method table, and how to find one.

use super::TABLE;
use crate::revision::Revision;

/// Whether an answer is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It is answered.
    Request,
    /// It is not.
    Notification,
}

/// Who may send a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The client.
    ClientToServer,
    /// The server.
    ServerToClient,
    /// Either.
    Both,
}

impl Direction {
    /// Whether a client may send it.
    #[must_use]
    pub const fn client_may_send(self) -> bool {
        matches!(self, Self::ClientToServer | Self::Both)
    }

    /// Whether a server may send it.
    #[must_use]
    pub const fn server_may_send(self) -> bool {
        matches!(self, Self::ServerToClient | Self::Both)
    }
}

/// A set of revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Revisions(u8);

impl Revisions {
    /// From one revision to another, both included.
    #[must_use]
    pub const fn between(first: Revision, last: Revision) -> Self {
        let mut bits = 0;
        let mut index = first.index();
        while index <= last.index() {
            bits |= 1 << index;
            index += 1;
        }
        Self(bits)
    }

    /// Whether a revision is in the set.
    #[must_use]
    pub const fn contains(self, revision: Revision) -> bool {
        self.0 & (1 << revision.index()) != 0
    }

    /// The revisions, oldest first.
    pub fn iter(self) -> impl Iterator<Item = Revision> {
        Revision::ALL.into_iter().filter(move |revision| self.contains(*revision))
    }
}

/// What the protocol says of a method in some revisions.
///
/// A method has more than one row when its direction or its shape changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The name on the wire.
    pub name: &'static str,
    /// Request or notification.
    pub kind: Kind,
    /// Who may send it.
    pub direction: Direction,
    /// In which revisions.
    pub revisions: Revisions,
    /// The extension that brings it; none for a method of the core.
    pub extension: Option<&'static str>,
}

/// The row of a method, that of the newest revision when there are several; `None` when no revision has it.
#[must_use]
pub fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}

/// The row of a method in a revision; `None` when that revision does not have it.
#[must_use]
pub fn find_in(name: &str, revision: Revision) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name && row.revisions.contains(revision))
}
