//! A row of the method table.

use crate::revision::Revision;

/// Whether a message expects an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Expects an answer.
    Request,
    /// Expects none.
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

/// Whether a client may send a request again when it does not know whether the first one was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetrySafety {
    /// It is idempotent: sending it again is harmless.
    Safe,
    /// Carrying it out twice may do harm, so only the caller can decide.
    Unsafe,
    /// It is harmless, and the caller of the transport restarts it by itself (`subscriptions/listen`).
    RestartedByCaller,
}

/// What the protocol says about a method in some revisions.
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
    /// In which revisions it exists.
    pub revisions: Revisions,
    /// The extension that defines it; `None` for a method of the core protocol.
    pub extension: Option<&'static str>,
    /// The revision that deprecates it (DEP-1).
    pub deprecated_since: Option<Revision>,
    /// Whether a client may send it again without knowing what became of the first attempt.
    pub retry: RetrySafety,
    /// Whether a client may cache its result for the `ttlMs` of the result (CACHE-1, SK-1).
    pub cacheable: bool,
    /// Whether its result may ask for input, or the server may send requests while it runs (MRTR-2).
    pub may_require_input: bool,
    /// The member of `params` that the header field `Mcp-Name` repeats; `None` if the field is not sent
    /// (HDR-1, TX-10).
    pub name_param: Option<&'static str>,
    /// For a notification of a change: the methods whose cached results it makes stale (CACHE-6). For
    /// `resources/read` that means reads of the URI that the notification names, and of what lies below it.
    pub invalidates: &'static [&'static str],
}

impl Row {
    /// A row with the defaults: not an extension's, not deprecated, not safe to retry, not cached.
    pub(super) const fn new(
        name: &'static str,
        kind: Kind,
        direction: Direction,
        revisions: Revisions,
    ) -> Self {
        Self {
            name,
            kind,
            direction,
            revisions,
            extension: None,
            deprecated_since: None,
            retry: RetrySafety::Unsafe,
            cacheable: false,
            may_require_input: false,
            name_param: None,
            invalidates: &[],
        }
    }

    /// Whether it is a notification that lists or resources changed.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        !self.invalidates.is_empty()
    }

    /// Whether a revision deprecates it.
    #[must_use]
    pub fn is_deprecated_in(&self, revision: Revision) -> bool {
        self.deprecated_since.is_some_and(|since| since.index() <= revision.index())
    }
}
