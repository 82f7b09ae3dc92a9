//! The probe: `server/discover`, before anything else.
//!
//! A `DiscoverResult`, or −32022 with the versions that are spoken, says modern. Any other error
//! says legacy, whatever its code (ERA-3); so does silence, and so does a child that exits. On the
//! network silence can have any reason, and only a status of the server itself counts: 4xx, except
//! 401 and its like. The probe is never a `tools/call`, which a legacy server might run without a
//! session (TRAP-3).
//!
//! Spec: transports/stdio, "Backward Compatibility"; basic/versioning.

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::method::{Discover, Method as _};
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{BoxFuture, Reply, Request};
use mcp_core::transport::TransportError;
use mcp_core::types::DiscoverResult;
use tokio::time::timeout;

use super::modern;
use super::session::{Session, Settings, newest, supported_in, unsupported};
use crate::connect_phase::ConnectPhase;
use crate::deadline::Deadlines;
use crate::error::{Error, Expired};
use crate::request::Wire;

const METHOD: &str = Discover::NAME;

/// A probe that still waits for its answer. It is kept until then: a legacy server that was silent
/// must not get a cancellation before its handshake.
pub(super) struct LateProbe {
    pub(super) reply: BoxFuture<'static, Reply>,
    pub(super) version: Revision,
}

/// What the probe says of the server.
pub(super) enum Verdict {
    Modern(Box<Session>),
    /// Offer this revision in the handshake.
    Legacy(Revision),
    /// The server did not answer in time: offer the latest revision, and watch for the answer.
    Late(LateProbe),
    /// The connection ended: the server did not survive the probe.
    Gone(Error),
}

/// What to do after one answer to the probe.
enum Next {
    Done(Verdict),
    Ask(Revision),
}

/// Probes until the answer is conclusive.
pub(super) async fn probe(settings: &Settings, wire: &Wire) -> Result<Verdict, Error> {
    let mut version = settings.revision.unwrap_or(Revision::LATEST);
    let mut tried = Vec::new();
    wire.inbound.phase.begin(ConnectPhase::Discovery);
    loop {
        tried.push(version);
        let meta = constant_meta(settings, wire, version);
        let params = modern::discover_params(&meta);
        let reply = if wire.connection.outbound().timeout_implies_legacy() {
            let mut reply = wire.call_owned(Request::new(wire.next_id(), METHOD, params));
            match timeout(settings.probe_timeout, &mut reply).await {
                Ok(reply) => reply.map_err(|error| wire.error(METHOD, error)),
                Err(_) if settings.revision.is_some() => {
                    let error = Error::timed_out(METHOD, Expired::Idle, settings.probe_timeout);
                    return Err(wire.connection.explain(error));
                }
                Err(_) => return Ok(Verdict::Late(LateProbe { reply, version })),
            }
        } else {
            let mut deadlines = Deadlines::begin(settings.timeouts, &wire.inbound.handling);
            wire.exchange(METHOD, params, &mut deadlines).await
        };
        match judge(settings, wire, &tried, reply)? {
            Next::Done(verdict) => return Ok(verdict),
            Next::Ask(other) => version = other,
        }
    }
}

/// The session, if the late answer to a probe shows that the server is modern.
pub(super) fn judge_late(
    settings: &Settings,
    wire: &Wire,
    version: Revision,
    reply: Reply,
) -> Option<Session> {
    match discovered(settings, wire, version, &reply.ok()?) {
        Ok(Verdict::Modern(session)) => Some(*session),
        _ => None,
    }
}

/// Judges the answer to the last of the versions that were tried.
fn judge(
    settings: &Settings,
    wire: &Wire,
    tried: &[Revision],
    reply: Result<JsonBytes, Error>,
) -> Result<Next, Error> {
    let version = tried.last().copied().unwrap_or(Revision::LATEST);
    let only = settings.revision;
    let error = match reply {
        Ok(result) => return discovered(settings, wire, version, &result).map(Next::Done),
        Err(error) => error,
    };
    let latest_legacy = Next::Done(Verdict::Legacy(Revision::LATEST_LEGACY));
    let Some(answer) = error.peer() else {
        return match error.transport() {
            _ if only.is_some() => Err(error),
            Some(refusal) if is_refusal(refusal) => Ok(latest_legacy),
            Some(_) if wire.connection.outbound().timeout_implies_legacy() => {
                Ok(Next::Done(Verdict::Gone(error)))
            }
            _ => Err(error),
        };
    };
    if let Some(supported) = supported_by(answer) {
        return match newest(&supported, Era::Modern) {
            Some(other) if only.is_none_or(|only| only == other) && may_ask(tried, other) => {
                Ok(Next::Ask(other))
            }
            // `supported` may name revisions that have a handshake (TRAP-1).
            _ => match newest(&supported, Era::Legacy).filter(|_| only.is_none()) {
                Some(offer) => Ok(Next::Done(Verdict::Legacy(offer))),
                None => Err(unsupported(settings, &supported)),
            },
        };
    }
    // These two are modern answers as well, which another attempt would not change.
    let is_modern =
        matches!(answer.code(), code::HEADER_MISMATCH | code::MISSING_REQUIRED_CLIENT_CAPABILITY);
    if only.is_some() || is_modern { Err(error) } else { Ok(latest_legacy) }
}

/// Whether to probe for a revision that the server names. One that was refused although it is named
/// is probed once more: the servers behind one URL may differ while they are upgraded (ERA-2).
fn may_ask(tried: &[Revision], named: Revision) -> bool {
    tried.iter().filter(|version| **version == named).count() < 2
}

/// Whether the status is that of the server itself, which is how legacy servers refuse what they do
/// not know. A login page or a busy proxy says nothing of the server.
pub(super) fn is_refusal(error: &TransportError) -> bool {
    error.status().is_some_and(|status| {
        (400..500).contains(&status) && !matches!(status, 401 | 403 | 407 | 408 | 421 | 425 | 429)
    })
}

/// The server answered the probe.
fn discovered(
    settings: &Settings,
    wire: &Wire,
    asked: Revision,
    result: &JsonBytes,
) -> Result<Verdict, Error> {
    let discovered: DiscoverResult = match result.parse() {
        Ok(discovered) => discovered,
        Err(error) if settings.revision.is_some() => {
            return Err(Error::decode(METHOD, error, result.as_bytes()));
        }
        // A server that answers every method with some result.
        Err(_) => return Ok(Verdict::Legacy(Revision::LATEST_LEGACY)),
    };
    let supported = &discovered.supported_versions;
    let revision = if supported.iter().any(|name| name == asked.as_str()) {
        asked
    } else {
        let other = newest(supported, Era::Modern).or_else(|| newest(supported, Era::Legacy));
        match other.filter(|_| settings.revision.is_none()) {
            Some(revision) if revision.era() == Era::Legacy => {
                return Ok(Verdict::Legacy(revision));
            }
            Some(revision) => revision,
            None => return Err(unsupported(settings, supported)),
        }
    };
    let meta = constant_meta(settings, wire, revision);
    Ok(Verdict::Modern(Box::new(modern::session(revision, discovered, meta))))
}

fn constant_meta(settings: &Settings, wire: &Wire, revision: Revision) -> String {
    let capabilities = wire.inbound.handlers.capabilities(false);
    modern::constant_meta(revision, &settings.client_info, &capabilities)
}

/// The revisions that −32022 names. Without them it is no evidence (TRAP-2).
fn supported_by(error: &ErrorObject) -> Option<Vec<String>> {
    if error.code() != code::UNSUPPORTED_PROTOCOL_VERSION {
        return None;
    }
    error.data().and_then(supported_in)
}
