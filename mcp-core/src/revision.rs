//! The revisions of the protocol, and the facts in which they differ.
//!
//! Code never compares revisions. It asks [`Revision::era`] for the shape of a conversation and
//! [`Revision::rules`] for a single fact, so a new revision is one more table here and not an `if`
//! somewhere. Spec: basic/versioning of each revision.
//!
//! ```
//! use mcp_core::revision::{Era, Revision, StructuredContent};
//!
//! let revision: Revision = "2025-06-18".parse()?;
//! assert_eq!(revision.era(), Era::Legacy);
//! assert_eq!(revision.rules().structured_content, StructuredContent::Object);
//! assert!(!revision.rules().icons);
//! # Ok::<(), mcp_core::revision::UnknownRevision>(())
//! ```

use std::fmt;
use std::str::FromStr;

use crate::jsonrpc::{ErrorTable, error_table};

/// A published revision of the protocol, named by its date.
///
/// ```
/// use mcp_core::Revision;
///
/// let revision: Revision = "2025-11-25".parse()?;
/// assert_eq!(revision, Revision::LATEST_LEGACY);
/// assert_eq!(Revision::LATEST.to_string(), "2026-07-28");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Revision {
    /// 2024-11-05.
    V2024_11_05,
    /// 2025-03-26.
    V2025_03_26,
    /// 2025-06-18.
    V2025_06_18,
    /// 2025-11-25.
    V2025_11_25,
    /// 2026-07-28.
    V2026_07_28,
}

/// The shape of a conversation.
///
/// ```
/// use mcp_core::Revision;
/// use mcp_core::revision::Era;
///
/// assert_eq!(Revision::V2025_06_18.era(), Era::Legacy);
/// assert_eq!(Revision::V2026_07_28.era(), Era::Modern);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Era {
    /// Until 2025-11-25: a session that `initialize` opens, with requests in both directions.
    Legacy,
    /// Since 2026-07-28: each request has everything that is needed to serve it in `_meta`, and a
    /// server never sends a request.
    Modern,
}

/// What the structured result of a tool may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StructuredContent {
    /// The revision has no structured results. Only the text is sent.
    Absent,
    /// An object. Any other value is wrapped as `{"result": …}`.
    Object,
    /// Any JSON value.
    Any,
}

/// The facts in which revisions differ. Each field is named after the part of the protocol that it
/// is about. `docs/revisions.md` shows the values as a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    // ---- messages ----
    /// Arrays of messages (JSON-RPC batches) are accepted. 2025-03-26 only.
    pub batching: bool,
    /// Results have `resultType`, and `serverInfo` in their `_meta`. Since 2026-07-28.
    pub result_type: bool,
    /// Results of lists, of `resources/read` and of `server/discover` have `ttlMs` and
    /// `cacheScope`. Since 2026-07-28.
    pub cache_fields: bool,
    /// The same results, except those of `resources/read`, have a `digest` of what they describe.
    /// The `_meta` of requests has `knownDigests`, and that of results `staleDigests`. Draft.
    pub digests: bool,
    /// A result can ask for input (`input_required`). The client repeats the request with the
    /// answers. Since 2026-07-28.
    pub input_required: bool,
    /// The schema has `capabilities.extensions`. Since 2026-07-28.
    pub extensions: bool,
    // ---- members of types ----
    /// `title` of tools, prompts, arguments, resources, templates and implementations. Since
    /// 2025-06-18.
    pub titles: bool,
    /// `_meta` of tools, prompts, resources, templates and content. Since 2025-06-18.
    pub meta_of_types: bool,
    /// `icons` of tools, prompts, resources, templates and implementations. Since 2025-11-25.
    pub icons: bool,
    /// `description` and `websiteUrl` of an implementation. Since 2025-11-25.
    pub implementation_details: bool,
    // ---- content ----
    /// Audio blocks. Since 2025-03-26.
    pub audio: bool,
    /// `resource_link` blocks. Since 2025-06-18.
    pub resource_links: bool,
    // ---- tools ----
    /// `annotations` of tools. Since 2025-03-26.
    pub tool_annotations: bool,
    /// `execution` of tools. 2025-11-25 only.
    pub tool_execution: bool,
    /// Tasks are part of the core protocol, and requested with `task` in the parameters of a call.
    /// 2025-11-25 only; an extension since 2026-07-28.
    pub core_tasks: bool,
    /// What a structured tool result may be.
    pub structured_content: StructuredContent,
    /// Invalid tool arguments are reported by a result with `isError`, not by error −32602
    /// (SEP-1303). Since 2025-11-25.
    pub argument_errors_in_result: bool,
    // ---- other server features ----
    /// The `completions` server capability. Since 2025-03-26.
    pub completions_capability: bool,
    /// `message` of a progress notification. Since 2025-03-26.
    pub progress_message: bool,
    /// The code and the HTTP status of each kind of error.
    pub errors: &'static ErrorTable,
    // ---- client features ----
    /// Elicitation with a form. Since 2025-06-18.
    pub elicitation: bool,
    /// Elicitation with a URL. Since 2025-11-25.
    pub elicitation_url: bool,
    /// Elicitation has a `mode`, and forms have choices with titles, multiple choices, and defaults
    /// on every field. Since 2025-11-25.
    pub elicitation_choices: bool,
    /// `notifications/elicitation/complete`, and error −32042 when the user must visit a URL first.
    /// 2025-11-25 only.
    pub elicitation_complete: bool,
    /// Tools and lists of content in sampling, and the capability `sampling.context`. Since
    /// 2025-11-25.
    pub sampling_tools: bool,
    // ---- transports ----
    /// An event stream starts with an event without data. The server may close the stream early,
    /// and the client reconnects for the rest. 2025-11-25 only.
    pub stream_polling: bool,
    /// An MCP server is its own authorization server, unless metadata at its origin says otherwise.
    /// 2025-03-26 only.
    pub own_authorization_server: bool,
}

const V2024_11_05: Rules = Rules {
    batching: false,
    result_type: false,
    cache_fields: false,
    digests: false,
    input_required: false,
    extensions: false,
    titles: false,
    meta_of_types: false,
    icons: false,
    implementation_details: false,
    audio: false,
    resource_links: false,
    tool_annotations: false,
    tool_execution: false,
    core_tasks: false,
    structured_content: StructuredContent::Absent,
    argument_errors_in_result: false,
    completions_capability: false,
    progress_message: false,
    errors: &error_table::LEGACY,
    elicitation: false,
    elicitation_url: false,
    elicitation_choices: false,
    elicitation_complete: false,
    sampling_tools: false,
    stream_polling: false,
    own_authorization_server: false,
};

const V2025_03_26: Rules = Rules {
    batching: true,
    own_authorization_server: true,
    audio: true,
    tool_annotations: true,
    completions_capability: true,
    progress_message: true,
    ..V2024_11_05
};

const V2025_06_18: Rules = Rules {
    batching: false,
    own_authorization_server: false,
    structured_content: StructuredContent::Object,
    titles: true,
    meta_of_types: true,
    resource_links: true,
    elicitation: true,
    ..V2025_03_26
};

const V2025_11_25: Rules = Rules {
    icons: true,
    implementation_details: true,
    tool_execution: true,
    core_tasks: true,
    argument_errors_in_result: true,
    errors: &error_table::V2025_11_25,
    elicitation_url: true,
    elicitation_choices: true,
    elicitation_complete: true,
    sampling_tools: true,
    stream_polling: true,
    ..V2025_06_18
};

const V2026_07_28: Rules = Rules {
    result_type: true,
    cache_fields: true,
    input_required: true,
    extensions: true,
    tool_execution: false,
    core_tasks: false,
    structured_content: StructuredContent::Any,
    errors: &error_table::V2026_07_28,
    elicitation_complete: false,
    stream_polling: false,
    ..V2025_11_25
};

/// What is known of the revision after 2026-07-28.
const DRAFT: Rules = Rules { digests: true, errors: &error_table::DRAFT, ..V2026_07_28 };

/// The rules of every revision, as one program follows them.
///
/// The next revision of the protocol is a draft: it has no name yet, so it cannot be negotiated,
/// and it is not a [`Revision`]. [`RuleSet::WITH_DRAFT`] has its rules in the place of those of the
/// latest revision. They may change in any release.
///
/// ```
/// use mcp_core::Revision;
/// use mcp_core::revision::RuleSet;
///
/// assert_eq!(RuleSet::PUBLISHED.of(Revision::LATEST), Revision::LATEST.rules());
/// assert!(RuleSet::WITH_DRAFT.of(Revision::LATEST).digests);
/// assert!(!RuleSet::WITH_DRAFT.of(Revision::LATEST_LEGACY).digests);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleSet {
    /// Indexed by [`Revision::index`].
    rules: [&'static Rules; Revision::ALL.len()],
}

impl RuleSet {
    /// The rules of the published revisions.
    pub const PUBLISHED: Self =
        Self { rules: [&V2024_11_05, &V2025_03_26, &V2025_06_18, &V2025_11_25, &V2026_07_28] };

    /// The same, with the rules of the draft in the place of those of [`Revision::LATEST`].
    pub const WITH_DRAFT: Self = {
        let mut set = Self::PUBLISHED;
        set.rules[Revision::LATEST.index()] = &DRAFT;
        set
    };

    /// Returns the rules that hold for messages of a revision.
    #[must_use]
    pub const fn of(&self, revision: Revision) -> &'static Rules {
        self.rules[revision.index()]
    }
}

impl Revision {
    /// All revisions, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];

    /// The latest revision of the legacy era. A server offers it to a client that requests an
    /// unknown revision.
    pub const LATEST_LEGACY: Self = Self::V2025_11_25;

    /// The latest revision.
    pub const LATEST: Self = Self::V2026_07_28;

    /// Returns the name on the wire, such as `2025-11-25`.
    ///
    /// ```
    /// use mcp_core::Revision;
    ///
    /// assert_eq!(Revision::V2024_11_05.as_str(), "2024-11-05");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Returns the index in [`Revision::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the era of this revision.
    ///
    /// ```
    /// use mcp_core::Revision;
    /// use mcp_core::revision::Era;
    ///
    /// let with_sessions = Revision::ALL.iter().filter(|revision| revision.era() == Era::Legacy);
    /// assert_eq!(with_sessions.count(), 4);
    /// ```
    pub const fn era(self) -> Era {
        match self {
            Self::V2024_11_05 | Self::V2025_03_26 | Self::V2025_06_18 | Self::V2025_11_25 => {
                Era::Legacy
            }
            Self::V2026_07_28 => Era::Modern,
        }
    }

    /// Returns the facts of this revision.
    ///
    /// ```
    /// use mcp_core::Revision;
    ///
    /// assert!(!Revision::V2025_03_26.rules().elicitation);
    /// assert!(Revision::V2025_06_18.rules().elicitation);
    /// ```
    pub const fn rules(self) -> &'static Rules {
        RuleSet::PUBLISHED.of(self)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a revision that this SDK supports. `Display` lists the supported
/// ones.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownRevision;

impl fmt::Display for UnknownRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown protocol revision; supported:")?;
        for (index, revision) in Revision::ALL.into_iter().enumerate() {
            write!(f, "{} {revision}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownRevision {}

impl FromStr for Revision {
    type Err = UnknownRevision;

    fn from_str(name: &str) -> Result<Self, UnknownRevision> {
        Self::ALL.into_iter().find(|revision| revision.as_str() == name).ok_or(UnknownRevision)
    }
}
