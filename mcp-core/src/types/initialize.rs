//! `initialize`: opens a session. Spec: basic/lifecycle; until 2025-11-25.

use super::{ClientCapabilities, Implementation, ServerCapabilities};
use crate::json::object;
use crate::meta::Meta;

object! {
    /// Params of `initialize`. Until 2025-11-25.
    pub struct InitializeParams {
        /// The revision that the client requests, usually the latest one it supports.
        protocol_version: String = "protocolVersion",
        /// The capabilities of the client.
        capabilities: ClientCapabilities = "capabilities",
        /// The name and version of the client.
        client_info: Implementation = "clientInfo",
        /// Metadata.
        meta?: Meta = "_meta",
    }

    /// Result of `initialize`. Until 2025-11-25.
    pub struct InitializeResult ignore "resultType" {
        /// The revision of the session.
        protocol_version: String = "protocolVersion",
        /// The capabilities of the server.
        capabilities: ServerCapabilities = "capabilities",
        /// The name and version of the server.
        server_info: Implementation = "serverInfo",
        /// Instructions for the model on how to use the server.
        instructions?: String = "instructions",
        /// Metadata.
        meta?: Meta = "_meta",
    }
}
