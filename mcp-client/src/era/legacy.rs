//! The legacy conversation: the handshake. Spec: basic/lifecycle, until 2025-11-25.

use mcp_core::json::JsonBytes;
use mcp_core::revision::{Era, Revision};
use mcp_core::types::{InitializeParams, InitializeResult};

use super::probe::supported_in;
use super::session::{Session, Settings, unsupported};
use crate::error::Error;
use crate::request::{Patience, Wire};

/// Shakes hands, offering a revision.
pub(super) async fn initialize(
    wire: &Wire,
    settings: &Settings,
    offer: Revision,
) -> Result<Session, Error> {
    const METHOD: &str = "initialize";
    let capabilities = wire.inbound.handlers.capabilities(true);
    let params = InitializeParams::new(offer.as_str(), capabilities, settings.client_info.clone());
    let params = JsonBytes::new(&params)
        .map_err(|error| Error::argument("the client's capabilities", error))?;
    let mut patience = Patience::begin(settings.timeouts);
    let answer = match wire.exchange(METHOD, wire.next_id(), params, &mut patience, None).await {
        Ok(answer) => answer,
        // A modern-only server says −32022; −32602 with the same data is the legacy form of it (LG-2).
        Err(error) => {
            let supported = error.peer().and_then(|error| error.data()).and_then(supported_in);
            return Err(supported.map_or(error, |supported| unsupported(settings, &supported)));
        }
    };
    let result: InitializeResult =
        answer.parse().map_err(|error| Error::decode(METHOD, error, answer.as_bytes()))?;

    let refuse = || unsupported(settings, std::slice::from_ref(&result.protocol_version));
    let revision: Revision = result.protocol_version.parse().map_err(|_| refuse())?;
    if revision.era() != Era::Legacy || settings.revision.is_some_and(|pin| pin != revision) {
        return Err(refuse());
    }
    // A batch may follow the next message.
    let _ = wire.inbound.revision.set(revision);
    wire.notify("notifications/initialized", JsonBytes::empty_object()).await;
    Ok(Session {
        revision,
        server_info: Some(result.server_info),
        capabilities: result.capabilities,
        instructions: result.instructions,
        meta: Vec::new(),
    })
}
