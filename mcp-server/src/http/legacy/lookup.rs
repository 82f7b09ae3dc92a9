//! The session that a request is part of.

use std::sync::Arc;

use http::StatusCode;
use mcp_core::jsonrpc::RequestId;
use mcp_core::revision::{Era, Revision};

use super::restore;
use super::session::{Entry, EntryKind, SessionId};
use crate::call::CallMeta;
use crate::http::head::fields::Field;
use crate::http::head::version::VersionHeader;
use crate::http::request::Head;
use crate::http::response::body::Response;
use crate::http::response::status;
use crate::http::shared::Shared;
use crate::server::Connection;

/// Finds the session of a request. To any other principal it does not exist (THREAT-47).
///
/// # Errors
/// The response to send, with the id of the message where it could be read.
pub(super) async fn session(
    shared: &Shared,
    head: &Head<'_>,
    id: Option<&RequestId>,
) -> Result<Arc<Entry>, Box<Response>> {
    let refuse = |status, reason: &str| Err(Box::new(status::refused(status, id, reason)));
    let version = version(shared, head, id)?;
    if shared.options.stateless {
        let revision = version.unwrap_or_else(|| assumed(&shared.server.revisions));
        return Ok(Entry::stateless(Connection::stateless(&shared.modern, revision)));
    }
    let Field::Once(session) = head.fields.session_id else {
        let reason = "exactly one Mcp-Session-Id is required; the answer to initialize has it";
        return refuse(StatusCode::BAD_REQUEST, reason);
    };
    let found = match SessionId::parse(session.as_bytes()) {
        Some(id) => restore::find(shared, id, head.principal()).await,
        None => Ok(None),
    };
    let found = found.map_err(|error| Box::new(status::unavailable(id, &error)))?;
    let entry = found.filter(|entry| entry.kind() == EntryKind::Session);
    let Some(entry) = entry else {
        let reason = "unknown Mcp-Session-Id: the session has ended; send initialize again";
        return refuse(StatusCode::NOT_FOUND, reason);
    };
    match version {
        // A session uses what it negotiated (LG-4).
        Some(version) if version != entry.revision() => {
            let negotiated = entry.revision();
            let reason =
                format!("MCP-Protocol-Version is {version}; this session uses {negotiated}");
            refuse(StatusCode::BAD_REQUEST, &reason)
        }
        _ => Ok(entry),
    }
}

/// The revision in `MCP-Protocol-Version`: an offered one of the legacy era. It may be missing
/// (SH-9).
fn version(
    shared: &Shared,
    head: &Head<'_>,
    id: Option<&RequestId>,
) -> Result<Option<Revision>, Box<Response>> {
    let offered = &shared.server.revisions;
    match head.version() {
        VersionHeader::Absent => Ok(None),
        VersionHeader::Known(revision) if offered.contains(&revision) => match revision.era() {
            Era::Legacy => Ok(Some(revision)),
            // The header announces a modern message, and the message is not one.
            Era::Modern => {
                let error = CallMeta::missing_version();
                Err(Box::new(status::error(StatusCode::BAD_REQUEST, id, &error)))
            }
        },
        VersionHeader::Known(_) | VersionHeader::Unknown => {
            let supported: Vec<_> = offered.iter().map(|known| known.as_str()).collect();
            let reason = format!("MCP-Protocol-Version must be one of {}", supported.join(", "));
            Err(Box::new(status::refused(StatusCode::BAD_REQUEST, id, &reason)))
        }
    }
}

/// The revision of a client that sends no header, on a server without sessions: what the
/// specification says, or else the latest.
fn assumed(offered: &[Revision]) -> Revision {
    let legacy = offered.iter().copied().filter(|revision| revision.era() == Era::Legacy);
    match offered.contains(&VersionHeader::ASSUMED) {
        true => VersionHeader::ASSUMED,
        false => legacy.max().unwrap_or(Revision::LATEST_LEGACY),
    }
}
