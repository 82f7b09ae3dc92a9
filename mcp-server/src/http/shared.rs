//! What all requests of one service share.

use std::sync::Arc;

use mcp_core::jsonrpc::ErrorTable;
use mcp_core::revision::{Era, Revision};
use mcp_core::service::Peer;

use super::HttpOptions;
use super::admission::Admission;
use super::legacy::state::Legacy;
use super::listener::tasks::Tasks;
use super::request::Head;
use super::response::status;
use super::response::watch::BodyWatch;
use crate::call::Binding;
use crate::definition::ServerDefinition;
use crate::server::{Connection, Server};

/// What all requests of one service share.
pub(super) struct Shared {
    pub(super) server: Arc<ServerDefinition>,
    /// Answers the requests of the modern era, which share nothing else.
    pub(super) modern: Arc<Connection>,
    pub(super) options: HttpOptions,
    pub(super) admission: Arc<Admission>,
    /// Whether a revision with sessions is offered.
    pub(super) sessions: bool,
    pub(super) legacy: Legacy,
    pub(super) tasks: Tasks,
    /// Cuts off response bodies that a foreign host does not poll.
    pub(super) bodies: BodyWatch,
}

impl Shared {
    /// The table for the errors of a request whose `_meta` is not known.
    pub(super) fn errors(&self, head: &Head<'_>) -> &'static ErrorTable {
        if head.version().is_modern() { self.modern_errors() } else { status::LEGACY }
    }

    /// The table for the errors of modern requests, and of those whose era is not known. Both eras
    /// agree about the codes of what is malformed.
    pub(super) fn modern_errors(&self) -> &'static ErrorTable {
        self.server.environment.rules.of(Revision::LATEST).errors
    }

    pub(super) fn new(server: Server, options: HttpOptions) -> Self {
        let limits = server.definition.limits();
        let admission = Admission::new(&limits.http);
        let tasks = Tasks::new(limits.connection.write_stall_timeout);
        let bodies = BodyWatch::new(limits);
        let definition = &server.definition;
        let keys = definition.environment.sealer.keys();
        let legacy = Legacy::new(limits, &options, definition.fleet.as_ref(), keys);
        let sessions = server.definition.supports(Era::Legacy);
        let definition = Arc::clone(&server.definition);
        let modern = Arc::new(Connection::new(server, Peer::none(), Binding::Http));
        Self { server: definition, modern, options, admission, sessions, legacy, tasks, bodies }
    }
}
