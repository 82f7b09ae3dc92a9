//! `initialize`, the handshake. Spec: basic/lifecycle; until 2025-11-25.

use super::{ClientCapabilities, Implementation, ServerCapabilities};
use crate::json::object;
use crate::meta::Meta;

object! {
    /// Params of `initialize`. Until 2025-11-25.
    pub struct InitializeParams {
        /// The revision that the client would like, usually the latest it speaks.
        protocol_version: String = "protocolVersion",
        /// What the client can do.
        capabilities: ClientCapabilities = "capabilities",
        /// Who the client says it is.
        client_info: Implementation = "clientInfo",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `initialize`. Until 2025-11-25.
    pub struct InitializeResult ignore "resultType" {
        /// The revision of the session.
        protocol_version: String = "protocolVersion",
        /// What the server can do.
        capabilities: ServerCapabilities = "capabilities",
        /// Who the server says it is.
        server_info: Implementation = "serverInfo",
        /// How to use the server, for the model.
        instructions?: String = "instructions",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
