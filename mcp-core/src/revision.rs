//! The protocol revisions, and the small facts in which they differ.
//!
//! Nothing in the SDK compares revisions: code asks [`Revision::era`] for the shape of a conversation and
//! [`Revision::rules`] for a single fact, so a new revision is a row here and not an `if` somewhere.
//! (Spec: basic/versioning of each revision.)

use std::fmt;
use std::str::FromStr;

/// A published revision of the protocol, named by its date.
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

/// How a conversation is shaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Era {
    /// Up to 2025-11-25: `initialize`, sessions, requests in both directions.
    Legacy,
    /// From 2026-07-28: each request carries all it needs in `_meta`, and a server never sends a request.
    Modern,
}

/// What a revision lets a tool's structured result be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Structured {
    /// The revision has none: the text block stands alone.
    Absent,
    /// An object, so any other value is wrapped as `{"result": …}`.
    Object,
    /// Any JSON value.
    Any,
}

/// The facts in which revisions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Arrays of messages are accepted (2025-03-26 alone).
    pub batching: bool,
    /// What a structured tool result may be.
    pub structured: Structured,
    /// `title` and `_meta` on types, `resource_link` blocks (since 2025-06-18).
    pub titles: bool,
    /// Audio blocks and tool annotations (since 2025-03-26).
    pub audio: bool,
    /// `icons`, `description` and `websiteUrl` of an implementation (since 2025-11-25).
    pub icons: bool,
    /// The `completions` server capability (since 2025-03-26).
    pub completions_capability: bool,
    /// `message` of a progress notification (since 2025-03-26).
    pub progress_message: bool,
    /// Bad tool arguments come back as a result with `isError`, not as −32602 (since 2025-11-25, SEP-1303).
    pub argument_errors_in_result: bool,
    /// The error code of an unknown resource: −32002 up to 2025-11-25, −32602 since.
    pub resource_not_found: i32,
    /// Elicitation exists (since 2025-06-18).
    pub elicitation: bool,
    /// Elicitation by URL, titled and multiple enums, defaults on every field (since 2025-11-25).
    pub elicitation_url: bool,
    /// Tools in sampling requests, arrays of content (since 2025-11-25).
    pub sampling_tools: bool,
    /// Streams of a session begin with an event without data, and may be closed early: the client comes back
    /// for the rest (2025-11-25 alone).
    pub polling: bool,
    /// Results carry `resultType`, cache fields and `serverInfo` (since 2026-07-28).
    pub result_type: bool,
    /// `capabilities.extensions` is part of the schema (since 2026-07-28).
    pub extensions: bool,
}

const V2024_11_05: Rules = Rules {
    batching: false,
    structured: Structured::Absent,
    titles: false,
    audio: false,
    icons: false,
    completions_capability: false,
    progress_message: false,
    argument_errors_in_result: false,
    resource_not_found: crate::jsonrpc::code::RESOURCE_NOT_FOUND,
    elicitation: false,
    elicitation_url: false,
    sampling_tools: false,
    polling: false,
    result_type: false,
    extensions: false,
};

const V2025_03_26: Rules = Rules {
    batching: true,
    audio: true,
    completions_capability: true,
    progress_message: true,
    ..V2024_11_05
};

const V2025_06_18: Rules = Rules {
    batching: false,
    structured: Structured::Object,
    titles: true,
    elicitation: true,
    ..V2025_03_26
};

const V2025_11_25: Rules = Rules {
    icons: true,
    argument_errors_in_result: true,
    elicitation_url: true,
    sampling_tools: true,
    polling: true,
    ..V2025_06_18
};

const V2026_07_28: Rules = Rules {
    structured: Structured::Any,
    resource_not_found: crate::jsonrpc::code::INVALID_PARAMS,
    polling: false,
    result_type: true,
    extensions: true,
    ..V2025_11_25
};

impl Revision {
    /// Every revision, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];

    /// The newest revision of the legacy era, which a server offers to a client that asks for an unknown one.
    pub const LATEST_LEGACY: Self = Self::V2025_11_25;

    /// The newest revision.
    pub const LATEST: Self = Self::V2026_07_28;

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The place in [`Revision::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The era whose conversation this revision speaks.
    pub const fn era(self) -> Era {
        match self {
            Self::V2024_11_05 | Self::V2025_03_26 | Self::V2025_06_18 | Self::V2025_11_25 => {
                Era::Legacy
            }
            Self::V2026_07_28 => Era::Modern,
        }
    }

    /// The facts of this revision.
    pub const fn rules(self) -> &'static Rules {
        match self {
            Self::V2024_11_05 => &V2024_11_05,
            Self::V2025_03_26 => &V2025_03_26,
            Self::V2025_06_18 => &V2025_06_18,
            Self::V2025_11_25 => &V2025_11_25,
            Self::V2026_07_28 => &V2026_07_28,
        }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a revision that this SDK speaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown protocol revision")]
#[non_exhaustive]
pub struct UnknownRevision;

impl FromStr for Revision {
    type Err = UnknownRevision;

    fn from_str(name: &str) -> Result<Self, UnknownRevision> {
        Self::ALL.into_iter().find(|revision| revision.as_str() == name).ok_or(UnknownRevision)
    }
}
