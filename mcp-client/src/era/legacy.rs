//! The legacy conversation: the handshake. Spec: basic/lifecycle, until 2025-11-25.

use mcp_core::json::JsonBytes;
use mcp_core::method::notification::Initialized;
use mcp_core::method::{Initialize, Method as _, NotificationMethod as _};
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{BoxFuture, Reply, Request};
use mcp_core::types::{InitializeParams, InitializeResult};

use super::session::{Session, Settings, supported_in, unsupported};
use crate::connect_phase::ConnectPhase;
use crate::deadline::Deadlines;
use crate::error::Error;
use crate::request::Wire;

const METHOD: &str = Initialize::NAME;

/// What the server agreed to.
pub(super) struct Agreement {
    revision: Revision,
    result: InitializeResult,
}

/// Performs the handshake, offering a revision.
pub(super) async fn initialize(
    wire: &Wire,
    settings: &Settings,
    offer: Revision,
) -> Result<Session, Error> {
    let mut deadlines = Deadlines::begin(settings.timeouts, &wire.inbound.handling);
    let params = params(wire, settings, offer)?;
    let answer = wire.exchange(METHOD, params, &mut deadlines).await;
    Ok(begin(wire, accept(settings, answer)?).await)
}

/// The request of a handshake, for a caller that waits for more than its answer. A caller that
/// stops waiting must `detach` it, since dropping a request cancels it.
pub(super) fn request(
    wire: &Wire,
    settings: &Settings,
    offer: Revision,
) -> Result<BoxFuture<'static, Reply>, Error> {
    let params = params(wire, settings, offer)?;
    Ok(wire.call_owned(Request::new(wire.next_id(), METHOD, params)))
}

fn params(wire: &Wire, settings: &Settings, offer: Revision) -> Result<JsonBytes, Error> {
    wire.inbound.phase.begin(ConnectPhase::Handshake);
    let capabilities = wire.inbound.handlers.capabilities(true);
    let params = InitializeParams::new(offer.as_str(), capabilities, settings.client_info.clone());
    JsonBytes::new(&params).map_err(|error| Error::argument("the client's capabilities", error))
}

/// Reads the server's answer.
pub(super) fn accept(
    settings: &Settings,
    answer: Result<JsonBytes, Error>,
) -> Result<Agreement, Error> {
    let answer = match answer {
        Ok(answer) => answer,
        // A modern-only server says −32022; −32602 with the same data is the legacy form (LG-2).
        Err(error) => {
            let supported = error.peer().and_then(|error| error.data()).and_then(supported_in);
            return Err(supported.map_or(error, |supported| unsupported(settings, &supported)));
        }
    };
    let result: InitializeResult =
        answer.parse().map_err(|error| Error::decode(METHOD, error, answer.as_bytes()))?;
    let refuse = || unsupported(settings, std::slice::from_ref(&result.protocol_version));
    let revision: Revision = result.protocol_version.parse().map_err(|_| refuse())?;
    if revision.era() != Era::Legacy || settings.revision.is_some_and(|only| only != revision) {
        return Err(refuse());
    }
    Ok(Agreement { revision, result })
}

/// Begins the session.
pub(super) async fn begin(wire: &Wire, agreement: Agreement) -> Session {
    let Agreement { revision, result } = agreement;
    wire.inbound.server.introduced(Some(&result.server_info));
    // A batch may follow the next message.
    let _ = wire.inbound.revision.set(revision);
    wire.notify(Initialized::NAME, JsonBytes::empty_object()).await;
    Session {
        revision,
        server_info: Some(result.server_info),
        capabilities: result.capabilities,
        instructions: result.instructions,
        meta: String::new(),
    }
}
