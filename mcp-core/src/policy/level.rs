//! Where the rules of a file come from.

use std::fmt;

/// Where the rules of a file come from.
///
/// The rules of all levels count together, so no level can lift a denial of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// The organization. It can only tighten: a file with rules that allow is refused.
    Managed,
    /// The user, or the operator of a server.
    User,
    /// A project. A file that came with a project of others may allow something: let the user
    /// decide whether it is used.
    Project,
    /// What was decided in a session.
    Session,
}

impl Level {
    /// All levels.
    pub const ALL: [Self; 4] = [Self::Managed, Self::User, Self::Project, Self::Session];
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Managed => "managed",
            Self::User => "user",
            Self::Project => "project",
            Self::Session => "session",
        })
    }
}
