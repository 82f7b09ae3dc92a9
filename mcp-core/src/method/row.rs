//! A row of the method table.

use crate::revision::Revision;

/// Whether a message expects a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A message that expects a response.
    Request,
    /// A message that expects no response.
    Notification,
}

/// Who may send a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The client sends it.
    ClientToServer,
    /// The server sends it.
    ServerToClient,
    /// Either side sends it.
    Both,
}

impl Direction {
    /// Whether a client may send the message.
    #[must_use]
    pub const fn client_may_send(self) -> bool {
        matches!(self, Self::ClientToServer | Self::Both)
    }

    /// Whether a server may send the message.
    #[must_use]
    pub const fn server_may_send(self) -> bool {
        matches!(self, Self::ServerToClient | Self::Both)
    }
}

/// A set of revisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Revisions(u8);

impl Revisions {
    /// All revisions.
    pub const ALL: Self = Self::between(Revision::ALL[0], Revision::LATEST);

    /// Returns the revisions from `first` to `last`, both included.
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

    /// Whether the set contains a revision.
    #[must_use]
    pub const fn contains(self, revision: Revision) -> bool {
        self.0 & (1 << revision.index()) != 0
    }

    /// Returns the revisions, oldest first.
    pub fn iter(self) -> impl Iterator<Item = Revision> {
        Revision::ALL.into_iter().filter(move |revision| self.contains(*revision))
    }
}

/// Whether a client may repeat a request if it does not know whether the first one was processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetrySafety {
    /// The request is idempotent, so repeating it is harmless.
    Safe,
    /// Processing the request twice may do harm, so only the caller can decide.
    Unsafe,
    /// Repeating the request is harmless, and the caller of the transport does so itself
    /// (`subscriptions/listen`).
    RestartedByCaller,
}

impl RetrySafety {
    /// Returns the retry safety of a request whose method has this row. `has_answers` states
    /// whether its parameters continue an earlier round (`inputResponses`, `requestState`): an
    /// answer of a user may be valid only once. A method without a row may do anything.
    #[must_use]
    pub fn of(row: Option<&Row>, has_answers: bool) -> Self {
        match row {
            Some(row) if !has_answers || row.retry == Self::RestartedByCaller => row.retry,
            _ => Self::Unsafe,
        }
    }
}

/// What the protocol defines about a method, in the revisions of this row.
///
/// A method has more than one row if its direction or its types changed.
///
/// ```
/// use mcp_core::method::{self, Method, ResourcesRead, RetrySafety};
///
/// let row = method::find(ResourcesRead::NAME).expect("a method of the protocol");
/// assert!(row.direction.client_may_send() && row.cacheable);
/// assert_eq!((row.retry, row.name_param), (RetrySafety::Safe, Some("uri")));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Row {
    /// The name on the wire.
    pub name: &'static str,
    /// Whether it is a request or a notification.
    pub kind: Kind,
    /// Who may send it.
    pub direction: Direction,
    /// The revisions that have it.
    pub revisions: Revisions,
    /// The extension that defines it; `None` for a method of the core protocol.
    pub extension: Option<&'static str>,
    /// The revision that deprecates it, if any.
    pub deprecated_since: Option<Revision>,
    /// Whether a client may repeat it without knowing whether the first attempt was processed.
    pub retry: RetrySafety,
    /// Whether a client may cache its result for the `ttlMs` of the result.
    pub cacheable: bool,
    /// Whether its result may ask for input, or the server may send requests while it runs.
    pub may_require_input: bool,
    /// The member of `params` that the header field `Mcp-Name` repeats; `None` if the field is not
    /// sent.
    pub name_param: Option<&'static str>,
    /// For a notification of a change: the methods whose cached results become stale. For
    /// `resources/read` these are the reads of the URI that the notification names, and of all URIs
    /// below it.
    pub invalidates: &'static [&'static str],
}

impl Row {
    /// Creates a row with the defaults: part of the core protocol, not deprecated, not safe to
    /// repeat, and not cacheable.
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

    /// Creates the row of a method of an extension, in all revisions, with the defaults of a method
    /// of the protocol: not safe to repeat, and without a parameter that a header repeats.
    ///
    /// ```
    /// use mcp_core::method::{Direction, Kind, RetrySafety, Row};
    ///
    /// const FIND: Row =
    ///     Row::of_extension("com.example/search", "search/find", Kind::Request, Direction::ClientToServer)
    ///         .retry(RetrySafety::Safe)
    ///         .name_param("index");
    /// assert_eq!(FIND.name_param, Some("index"));
    /// ```
    #[must_use]
    pub const fn of_extension(
        id: &'static str,
        name: &'static str,
        kind: Kind,
        direction: Direction,
    ) -> Self {
        let mut row = Self::new(name, kind, direction, Revisions::ALL);
        row.extension = Some(id);
        row
    }

    /// Sets the revisions that have the method.
    #[must_use]
    pub const fn revisions(mut self, revisions: Revisions) -> Self {
        self.revisions = revisions;
        self
    }

    /// Sets whether a client may repeat the request without knowing whether the first attempt was
    /// processed.
    #[must_use]
    pub const fn retry(mut self, retry: RetrySafety) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the member of `params` that the header field `Mcp-Name` repeats.
    #[must_use]
    pub const fn name_param(mut self, member: &'static str) -> Self {
        self.name_param = Some(member);
        self
    }

    /// Sets that clients may cache the result for the `ttlMs` of the result.
    #[must_use]
    pub const fn cacheable(mut self) -> Self {
        self.cacheable = true;
        self
    }

    /// Whether it is a notification that a list or a resource changed.
    #[must_use]
    pub const fn is_change(&self) -> bool {
        !self.invalidates.is_empty()
    }

    /// Whether it is deprecated in a revision.
    #[must_use]
    pub fn is_deprecated_in(&self, revision: Revision) -> bool {
        self.deprecated_since.is_some_and(|since| since.index() <= revision.index())
    }
}
