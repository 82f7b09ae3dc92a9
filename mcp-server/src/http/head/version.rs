//! `MCP-Protocol-Version`. Spec: basic/transports, since 2025-06-18.

use mcp_core::revision::{Era, Revision};

use super::fields::Field;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum VersionHeader {
    Absent,
    Known(Revision),
    /// Not a version that this SDK knows.
    Unknown,
}

impl VersionHeader {
    /// The revision of a client that sends no header and has no session. Spec: basic/transports,
    /// Protocol Version Header.
    pub(in crate::http) const ASSUMED: Revision = Revision::V2025_03_26;

    /// Where the field is repeated, the first value counts.
    pub(in crate::http) fn read(field: Field<'_>) -> Self {
        let Some(value) = field.first() else { return Self::Absent };
        let name = std::str::from_utf8(value.as_bytes().trim_ascii());
        match name.ok().and_then(|name| name.parse().ok()) {
            Some(revision) => Self::Known(revision),
            None => Self::Unknown,
        }
    }

    /// Whether the header names a modern version.
    pub(in crate::http) fn is_modern(self) -> bool {
        matches!(self, Self::Known(revision) if revision.era() == Era::Modern)
    }
}
