//! What all requests of one service share.

use std::sync::Arc;

use mcp_core::jsonrpc::ErrorTable;
use mcp_core::oauth::Challenge;
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
    /// Whether HTTP+SSE is served. With DPoP it is not: a proof is for the URL of the server, and
    /// HTTP+SSE has two others.
    #[cfg(feature = "http-sse")]
    pub(super) http_sse: bool,
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

    /// Returns the challenge for a caller without all scopes of an operation.
    pub(super) fn insufficient_scope(&self, head: &Head<'_>, required: &[String]) -> Challenge {
        let principal = head.principal();
        #[cfg(feature = "auth")]
        if let Some(guard) = &self.server.guard {
            return guard.insufficient_scope(head, required, principal);
        }
        // The host of the service verified the caller.
        tracing::debug!(?principal, ?required, "a request was refused for its scopes");
        Challenge::new("Bearer")
            .with("error", "insufficient_scope")
            .with("scope", required.join(" "))
    }

    pub(super) fn new(server: Server, options: HttpOptions) -> Self {
        #[cfg(feature = "auth")]
        let options = with_resource_host(&server, options);
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
        Self {
            #[cfg(feature = "http-sse")]
            http_sse: options.http_sse && !definition.needs_proofs(),
            server: definition,
            modern,
            options,
            admission,
            sessions,
            legacy,
            tasks,
            bodies,
        }
    }
}

/// Allows the host of the public URL of a protected server, besides those that are allowed anyway.
#[cfg(feature = "auth")]
fn with_resource_host(server: &Server, options: HttpOptions) -> HttpOptions {
    let guard = server.definition.guard.as_ref();
    let Some(host) = guard.and_then(|guard| guard.resource().public_host()) else {
        return options;
    };
    let local: &[&str] = if options.hosts.is_empty() { &LOCAL_HOSTS } else { &[] };
    local.iter().chain([&host]).fold(options, |options, host| options.allow_host(*host))
}

/// The names of this machine, which are allowed by default.
#[cfg(feature = "auth")]
const LOCAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];
