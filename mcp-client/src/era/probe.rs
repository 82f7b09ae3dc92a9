//! Which era does the server speak? Asked with `server/discover` before anything else.
//!
//! A `DiscoverResult`, or −32022 with the versions that are spoken, says modern. Any other error says legacy,
//! whatever its code (ERA-3); so does silence, and so does a child that exits, which is then started again. On the
//! network, where silence may be anybody's, only a status says so that is the server's own: 4xx, but for 401 and
//! its like.
//! The probe is never a `tools/call`, which a legacy server might run without a session (TRAP-3).
//!
//! Spec: transports/stdio, "Backward Compatibility"; basic/versioning.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{BoxFuture, Reply, Request};
use mcp_core::transport::TransportError;
use mcp_core::types::DiscoverResult;
use tokio::time::timeout;

use serde_json::value::RawValue;

use super::session::{Session, Settings, newest, unsupported};
use super::{legacy, modern};
use crate::connection::Connection;
use crate::error::{Error, ErrorKind, Expired};
use crate::inbound::Inbound;
use crate::request::{Patience, Wire};

const METHOD: &str = "server/discover";

/// Opens another connection to the same server, where that is possible.
pub(crate) trait Reopen: Send {
    /// Whether another connection could help where the handshake failed so.
    fn may_help(&self, error: &Error) -> bool;

    fn reopen(&mut self) -> BoxFuture<'_, Result<Connection, Error>>;
}

/// A probe that is still waiting for its answer. It is kept until then: a legacy server that was silent need
/// not be told of a cancellation before its handshake.
type Probe = Pin<Box<dyn Future<Output = Reply> + Send>>;

enum Verdict {
    Modern(Box<Session>),
    /// Offer this revision in the handshake.
    Legacy(Revision, Option<Probe>),
    /// The connection ended: the server could not bear the question.
    Gone(Error),
}

/// Finds the common revision on a fresh connection.
pub(crate) async fn establish(
    settings: &Settings,
    inbound: &Arc<Inbound>,
    connection: Connection,
    reopen: Option<&mut dyn Reopen>,
) -> Result<(Wire, Session), Error> {
    let wire = Wire::new(connection, Arc::clone(inbound));
    let is_legacy = |revision: &Revision| revision.era() == Era::Legacy;
    let known = settings.known.as_ref().map(|known| known.revision).filter(is_legacy);
    let verdict = match (settings.revision, known) {
        (Some(revision), _) if is_legacy(&revision) => Verdict::Legacy(revision, None),
        (None, Some(revision)) => match legacy::initialize(&wire, settings, revision).await {
            Ok(session) => return Ok((wire, session)),
            // It is another server now than the one that was known.
            Err(error)
                if matches!(error.kind(), ErrorKind::Peer | ErrorKind::UnsupportedVersion)
                    || error.transport().is_some_and(is_refusal) =>
            {
                probe(settings, &wire).await?
            }
            Err(error) => return Err(error),
        },
        _ => probe(settings, &wire).await?,
    };
    let (offer, late, error) = match verdict {
        Verdict::Modern(session) => {
            let _ = inbound.revision.set(session.revision);
            return Ok((wire, *session));
        }
        Verdict::Legacy(offer, late) => match shake_hands(settings, &wire, offer, late).await {
            Ok(session) => return Ok((wire, session)),
            Err(error) if error.kind() == ErrorKind::Transport => (offer, None::<Probe>, error),
            Err(error) => return Err(error),
        },
        Verdict::Gone(error) => (Revision::LATEST_LEGACY, None, error),
    };
    drop(late);
    // Some legacy servers exit on a request before the handshake (TRAP-3); others have an older transport
    // (ERA-11).
    let Some(reopen) = reopen.filter(|reopen| reopen.may_help(&error)) else { return Err(error) };
    tracing::debug!(%error, "the handshake failed; trying it on another connection");
    drop(wire);
    let wire = Wire::new(reopen.reopen().await?, Arc::clone(inbound));
    let session = legacy::initialize(&wire, settings, offer).await?;
    Ok((wire, session))
}

async fn probe(settings: &Settings, wire: &Wire) -> Result<Verdict, Error> {
    let pinned = settings.revision.is_some();
    let mut version = settings.revision.unwrap_or(Revision::LATEST);
    let mut tried = Vec::new();
    loop {
        tried.push(version);
        let meta = constant_meta(settings, wire, version);
        let params = modern::discover_params(&meta);
        let reply = if wire.connection.silence_tells() {
            let outbound = wire.connection.outbound().clone();
            let request = Request::new(wire.next_id(), METHOD, params);
            let mut probe: Probe = Box::pin(async move { outbound.call(request).await });
            match timeout(settings.probe_patience, &mut probe).await {
                Ok(reply) => reply.map_err(|error| Error::from_call(METHOD, error)),
                Err(_) if pinned => {
                    return Err(Error::timed_out(METHOD, Expired::Idle, settings.probe_patience));
                }
                Err(_) => return Ok(Verdict::Legacy(Revision::LATEST_LEGACY, Some(probe))),
            }
        } else {
            let mut patience = Patience::begin(settings.timeouts);
            wire.exchange(METHOD, wire.next_id(), params, &mut patience, None).await
        };
        let error = match reply {
            Ok(result) => return discovered(settings, wire, version, &result),
            Err(error) => error,
        };
        let Some(answer) = error.peer() else {
            return match error.transport() {
                _ if pinned => Err(error),
                Some(refusal) if is_refusal(refusal) => {
                    Ok(Verdict::Legacy(Revision::LATEST_LEGACY, None))
                }
                Some(_) if wire.connection.silence_tells() => Ok(Verdict::Gone(error)),
                _ => Err(error),
            };
        };
        if let Some(supported) = supported_by(answer) {
            match newest(&supported, Era::Modern) {
                Some(other) if (!pinned || other == version) && may_ask(&tried, other) => {
                    version = other;
                }
                // `supported` may name revisions that have a handshake (TRAP-1).
                _ => match newest(&supported, Era::Legacy) {
                    Some(offer) if !pinned => return Ok(Verdict::Legacy(offer, None)),
                    _ => return Err(unsupported(settings, &supported)),
                },
            }
            continue;
        }
        // These two are modern answers as well, which another try would not change.
        let is_modern = matches!(
            answer.code(),
            code::HEADER_MISMATCH | code::MISSING_REQUIRED_CLIENT_CAPABILITY
        );
        if pinned || is_modern {
            return Err(error);
        }
        return Ok(Verdict::Legacy(Revision::LATEST_LEGACY, None));
    }
}

/// Whether a revision that the server names is worth a question. One that was refused although it is named is asked
/// once more, since a fleet may not be of one mind while it is upgraded (ERA-2).
fn may_ask(tried: &[Revision], named: Revision) -> bool {
    tried.iter().filter(|version| **version == named).count() < 2
}

/// Whether the server itself said no with a status, which is how legacy servers refuse what they do not know. What
/// others may have said is no evidence: a login page, a busy proxy.
fn is_refusal(error: &TransportError) -> bool {
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
        // A server that answers anything to everything.
        Err(_) => return Ok(Verdict::Legacy(Revision::LATEST_LEGACY, None)),
    };
    let supported = &discovered.supported_versions;
    let revision = if supported.iter().any(|name| name == asked.as_str()) {
        asked
    } else {
        let modern = newest(supported, Era::Modern).filter(|_| settings.revision.is_none());
        match modern
            .or_else(|| newest(supported, Era::Legacy).filter(|_| settings.revision.is_none()))
        {
            Some(revision) if revision.era() == Era::Legacy => {
                return Ok(Verdict::Legacy(revision, None));
            }
            Some(revision) => revision,
            None => return Err(unsupported(settings, supported)),
        }
    };
    let meta = constant_meta(settings, wire, revision);
    Ok(Verdict::Modern(Box::new(modern::session(revision, discovered, meta))))
}

/// The handshake, while the answer to a slow probe may still come.
async fn shake_hands(
    settings: &Settings,
    wire: &Wire,
    offer: Revision,
    late: Option<Probe>,
) -> Result<Session, Error> {
    let error = match (legacy::initialize(wire, settings, offer).await, late) {
        (Ok(session), late) => {
            if let Some(late) = late {
                tokio::spawn(late); // Its answer goes nowhere.
            }
            return Ok(session);
        }
        (Err(error), Some(late)) if error.kind() == ErrorKind::Peer => {
            // A modern server that was slow refuses the handshake; its answer to the probe is on its way.
            match timeout(settings.probe_patience.max(Duration::from_secs(1)), late).await {
                Ok(Ok(result)) => match discovered(settings, wire, Revision::LATEST, &result) {
                    Ok(Verdict::Modern(session)) => {
                        let _ = wire.inbound.revision.set(session.revision);
                        return Ok(*session);
                    }
                    _ => error,
                },
                _ => error,
            }
        }
        (Err(error), _) => error,
    };
    Err(error)
}

fn constant_meta(settings: &Settings, wire: &Wire, revision: Revision) -> Vec<u8> {
    let capabilities = wire.inbound.handlers.capabilities(false);
    modern::constant_meta(revision, &settings.client_info, &capabilities)
}

/// The revisions that −32022 names; without them it says nothing (TRAP-2).
fn supported_by(error: &ErrorObject) -> Option<Vec<String>> {
    if error.code() != code::UNSUPPORTED_PROTOCOL_VERSION {
        return None;
    }
    error.data().and_then(supported_in)
}

/// The revisions that the data of an error names.
pub(super) fn supported_in(data: &RawValue) -> Option<Vec<String>> {
    #[derive(serde::Deserialize)]
    struct Data {
        supported: Vec<String>,
    }
    serde_json::from_str(data.get()).ok().map(|Data { supported }| supported)
}
