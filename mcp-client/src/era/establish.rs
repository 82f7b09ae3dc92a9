//! From a fresh connection to a session: the probe, the handshake, and another connection if the
//! server needs one.

use std::sync::Arc;
use std::time::Duration;

use mcp_core::method::{Initialize, Method as _};
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{BoxFuture, Reply};
use tokio::time::timeout;

use super::legacy::{self, Agreement};
use super::probe::{LateProbe, Verdict, is_refusal, judge_late, probe};
use super::session::{Session, Settings};
use crate::connection::Connection;
use crate::deadline::{Deadlines, silence};
use crate::error::{Error, ErrorKind, Expired};
use crate::inbound::Inbound;
use crate::request::Wire;

/// How long the answer to a late probe may follow that to the handshake. Fixed: a server that
/// handles messages at the same time answers both within moments.
const LATE_ANSWER_TIMEOUT: Duration = Duration::from_millis(200);

/// Opens another connection to the same server, where that is possible.
pub(crate) trait Reopen: Send {
    /// Whether another connection may help after this failure of the handshake.
    fn may_help(&self, error: &Error) -> bool;

    fn reopen(&mut self) -> BoxFuture<'_, Result<Connection, Error>>;
}

/// Finds the common revision on a fresh connection.
///
/// Where the server can be started again, only one `initialize` is sent on a connection: bridges
/// accept no other.
pub(crate) async fn establish(
    settings: &Settings,
    inbound: &Arc<Inbound>,
    connection: Connection,
    reopen: Option<&mut dyn Reopen>,
) -> Result<(Wire, Session), Error> {
    let wire = new_wire(settings, inbound, connection);
    let is_legacy = |revision: &Revision| revision.era() == Era::Legacy;
    let known = settings.known.as_ref().map(|known| known.revision).filter(is_legacy);
    let mut probed = true;
    let (offer, error) = match (settings.revision, known) {
        (Some(revision), _) if is_legacy(&revision) => {
            match legacy::initialize(&wire, settings, revision).await {
                Ok(session) => return Ok((wire, session)),
                Err(error) => {
                    probed = false;
                    (revision, error)
                }
            }
        }
        (None, Some(revision)) => match legacy::initialize(&wire, settings, revision).await {
            Ok(session) => return Ok((wire, session)),
            // It is another server now than the one that was known.
            Err(error) if is_refused(&error) => match probe(settings, &wire).await? {
                Verdict::Modern(session) => return Ok(modern(wire, *session)),
                Verdict::Legacy(offer) if reopen.as_ref().is_some_and(|it| it.may_help(&error)) => {
                    (offer, error)
                }
                Verdict::Legacy(offer) => {
                    let session = legacy::initialize(&wire, settings, offer).await?;
                    return Ok((wire, session));
                }
                Verdict::Late(_) | Verdict::Gone(_) => (Revision::LATEST_LEGACY, error),
            },
            Err(error) => return Err(error),
        },
        _ => match probe(settings, &wire).await? {
            Verdict::Modern(session) => return Ok(modern(wire, *session)),
            Verdict::Legacy(offer) => match legacy::initialize(&wire, settings, offer).await {
                Ok(session) => return Ok((wire, session)),
                Err(error) => (offer, error),
            },
            Verdict::Late(late) => match race(settings, &wire, late).await {
                Ok(session) => return Ok((wire, session)),
                Err(error) => (Revision::LATEST_LEGACY, error),
            },
            Verdict::Gone(error) => (Revision::LATEST_LEGACY, error),
        },
    };
    // Some legacy servers exit on a request before the handshake, or refuse every one after it
    // (TRAP-3); others have an older transport (ERA-11).
    let may_help =
        error.kind() == ErrorKind::Transport || (probed && error.kind() == ErrorKind::Peer);
    let Some(reopen) = reopen.filter(|reopen| may_help && reopen.may_help(&error)) else {
        return Err(error);
    };
    tracing::debug!(%error, "the handshake failed; trying it on another connection");
    drop(wire);
    let connection = match reopen.reopen().await {
        Ok(connection) => connection,
        // The server has neither transport at this URL: the refusal of the usual one says more.
        Err(other) if is_refusal_of(&other) && is_refusal_of(&error) => {
            let reason = other.transport().map(ToString::to_string).unwrap_or_default();
            return Err(error.with_note(format_args!("; HTTP+SSE was tried too: {reason}")));
        }
        Err(other) => return Err(other),
    };
    let wire = new_wire(settings, inbound, connection);
    let session = legacy::initialize(&wire, settings, offer).await?;
    Ok((wire, session))
}

fn new_wire(settings: &Settings, inbound: &Arc<Inbound>, connection: Connection) -> Wire {
    let telemetry = settings.telemetry.as_ref();
    Wire::new(connection, Arc::clone(inbound), &settings.methods, telemetry)
}

/// Begins a modern conversation.
fn modern(wire: Wire, session: Session) -> (Wire, Session) {
    let session = begin_modern(&wire, session);
    (wire, session)
}

/// Whether an HTTP server refused a request with a status.
fn is_refusal_of(error: &Error) -> bool {
    error.transport().is_some_and(is_refusal)
}

/// Whether the server itself refused a handshake.
fn is_refused(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Peer | ErrorKind::UnsupportedVersion) || is_refusal_of(error)
}

/// Performs the handshake with a server that has not answered the probe yet. If it answers the
/// probe after all, and is modern, that decides: a server that starts slowly finds both requests
/// waiting.
async fn race(settings: &Settings, wire: &Wire, late: LateProbe) -> Result<Session, Error> {
    const METHOD: &str = Initialize::NAME;
    let LateProbe { reply, version } = late;
    let mut late = Some(reply);
    let mut handshake = legacy::request(wire, settings, Revision::LATEST_LEGACY)?;
    let deadlines = Deadlines::begin(settings.timeouts, &wire.inbound.handling);
    let is_modern = |reply: Reply| judge_late(settings, wire, version, reply);
    let answer = loop {
        tokio::select! {
            biased;
            reply = answer_to(&mut late), if late.is_some() => {
                late = None;
                if let Some(session) = is_modern(reply) {
                    detach(handshake); // `initialize` must not be cancelled.
                    return Ok(begin_modern(wire, session));
                }
            }
            reply = &mut handshake => break reply.map_err(|error| wire.error(METHOD, error)),
            () = silence(&wire.inbound.handling, settings.timeouts.idle) => {
                let error = Error::timed_out(METHOD, Expired::Idle, settings.timeouts.idle);
                return Err(wire.connection.explain(error));
            }
            () = tokio::time::sleep_until(deadlines.total()) => {
                return Err(wire.connection.explain(deadlines.total_error(METHOD)));
            }
        }
    };
    let agreement = legacy::accept(settings, answer);
    if let Some(mut probe) = late {
        let wait = match &agreement {
            Ok(_) => LATE_ANSWER_TIMEOUT,
            // A slow modern server refuses the handshake; its answer to the probe is on its way.
            Err(error) if is_refused(error) => settings.probe_timeout.max(LATE_ANSWER_TIMEOUT),
            Err(_) => Duration::ZERO,
        };
        match timeout(wait, &mut probe).await {
            Ok(reply) => {
                if let Some(session) = is_modern(reply) {
                    return Ok(begin_modern(wire, session));
                }
            }
            Err(_) => detach(probe), // A legacy server gets no cancellation of a probe.
        }
    }
    let agreement: Agreement = agreement?;
    Ok(legacy::begin(wire, agreement).await)
}

async fn answer_to(probe: &mut Option<BoxFuture<'static, Reply>>) -> Reply {
    match probe {
        Some(probe) => probe.await,
        None => std::future::pending().await,
    }
}

fn begin_modern(wire: &Wire, session: Session) -> Session {
    wire.inbound.server.introduced(session.server_info.as_ref());
    let _ = wire.inbound.revision.set(session.revision);
    session
}

/// Lets a request run until it is answered, without cancelling it. Its answer is not needed.
fn detach(request: BoxFuture<'static, Reply>) {
    tokio::spawn(request);
}
