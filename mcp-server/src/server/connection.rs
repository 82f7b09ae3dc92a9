//! The server's side of one conversation.

use std::fmt;
use std::sync::{Arc, OnceLock};

use futures::future::AbortHandle;
use mcp_core::ConnectionLimits;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, Params, code};
use mcp_core::method::{Discover, Initialize, Method as _, Ping};
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{
    Accept, CallError, Conversation, Notification, Peer, Reply, Request, Service,
};
use mcp_core::telemetry::SessionRecording;
use mcp_core::types::{InitializeParams, InitializeResult};

use super::Server;
use super::recording;
use crate::auth::{Principal, scopes_are_checked};
use crate::call::{
    Binding, Call, CallMeta, Claim, ClientDescription, CloseOnDrop, ConversationState,
    LegacySession, SessionBudget, SessionMemory, SessionMemoryFull,
};
use crate::custom_method::CustomMethod;
use crate::error::invalid_params;
#[cfg(feature = "http")]
use crate::fleet::SessionData;
use crate::registry::Registry;
use crate::subscription::{Filter, Listener};
use crate::tool::Translation;
use crate::wire::fit_error;

/// One conversation with one client, over any stream or in memory: a [`Service`].
pub struct Connection {
    server: Server,
    peer: Peer,
    conversation: Arc<ConversationState>,
    /// Aborts the task that notifies a legacy client of changes.
    notifier: OnceLock<AbortHandle>,
    /// Records the session when the connection ends.
    recording: OnceLock<SessionRecording>,
}

impl Connection {
    pub(crate) fn new(server: Server, peer: Peer, binding: Binding) -> Self {
        let limits = server.definition.limits();
        let max = match binding {
            Binding::Stream => usize::MAX, // Its only session has a limit of its own.
            #[cfg(feature = "http")]
            _ => limits.http.max_total_session_bytes,
        };
        let budget = SessionBudget::new(max, limits.max_session_bytes);
        let conversation = ConversationState::new(binding, budget);
        Self::with(server, peer, conversation)
    }

    /// Creates the connection of a session over HTTP. It drains together with `modern`.
    #[cfg(feature = "http")]
    pub(crate) fn session_of(modern: &Self) -> Self {
        let conversation = ConversationState::sharing(Binding::HttpSession, &modern.conversation);
        Self::with(modern.server.clone(), Peer::none(), conversation)
    }

    /// For a stream of HTTP+SSE. `peer` receives the changes.
    #[cfg(feature = "http-sse")]
    pub(crate) fn http_sse_of(modern: &Self, peer: Peer) -> Self {
        let conversation = ConversationState::sharing(Binding::HttpSse, &modern.conversation);
        Self::with(modern.server.clone(), peer, conversation)
    }

    fn with(server: Server, peer: Peer, conversation: ConversationState) -> Self {
        #[cfg(feature = "tasks")]
        if let Some(tasks) = &server.definition.tasks {
            tasks.ensure_started();
        }
        #[cfg(feature = "http")]
        if let Some(fleet) = &server.definition.fleet {
            fleet.ensure_started();
        }
        Self {
            server,
            peer,
            conversation: Arc::new(conversation),
            notifier: OnceLock::new(),
            recording: OnceLock::new(),
        }
    }

    /// Creates the connection of one legacy call on a stateless server: its client is unknown and
    /// cannot be called.
    #[cfg(feature = "http")]
    pub(crate) fn stateless(modern: &Self, revision: Revision) -> Self {
        let connection = Self::session_of(modern);
        // It remembers nothing, so no limit is reached.
        if let Ok(session) = connection.legacy_session(revision, None, Listener::inert()) {
            drop(connection.conversation.session.set(Arc::new(session)));
        }
        connection
    }

    /// Creates the connection of a session that another instance began. `None` if this server does
    /// not support its revision.
    ///
    /// # Errors
    /// There is no memory for it.
    #[cfg(feature = "http")]
    pub(crate) fn restored(
        modern: &Self,
        data: &SessionData,
    ) -> Result<Option<Self>, SessionMemoryFull> {
        let connection = Self::session_of(modern);
        let server = &*connection.server.definition;
        let revision = data.revision.parse().ok().filter(|revision: &Revision| {
            revision.era() == Era::Legacy && server.revisions.contains(revision)
        });
        let Some(revision) = revision else { return Ok(None) };
        let [tools, prompts, resources] = data.lists;
        let filter = Filter { tools, prompts, resources, ..Filter::default() };
        let listener = server.live.hub.listen(filter);
        let client = Some(ClientDescription::restored(data));
        let session = connection.legacy_session(revision, client, listener)?;
        session.restore(data, server.limits().max_subscribed_uris);
        drop(connection.conversation.session.set(Arc::new(session))); // It is the first one.
        Ok(Some(connection))
    }

    /// Waits until no more requests will arrive.
    #[cfg(feature = "http")]
    pub(crate) fn drained(&self) -> impl Future<Output = ()> + Send + use<> {
        let conversation = Arc::clone(&self.conversation);
        async move { conversation.drained().await }
    }

    /// Returns the session that `initialize` opened.
    #[cfg(feature = "http")]
    pub(crate) fn session(&self) -> Option<&Arc<LegacySession>> {
        self.conversation.session.get()
    }

    /// Returns the revision of a request, and the session that it is part of.
    fn admit(
        &self,
        request: &Request,
        meta: &CallMeta,
    ) -> Result<(Revision, Option<Arc<LegacySession>>), ErrorObject> {
        let server = &*self.server.definition;
        if meta.claim != Claim::Absent && !self.conversation.binding.accepts_modern() {
            return Err(ErrorObject::invalid_request(
                "a request that names its protocol version in _meta must be a POST of its own",
            ));
        }
        let is_modern = server.supports(Era::Modern);
        if is_modern && let Some(revision) = meta.modern_revision(&server.revisions)? {
            return Ok((revision, None));
        }
        match self.conversation.session.get() {
            Some(session) => Ok((session.revision, Some(Arc::clone(session)))),
            // A ping may come before the handshake (LG-3).
            None if request.method == Ping::NAME && server.supports(Era::Legacy) => {
                Ok((Revision::LATEST_LEGACY, None))
            }
            None if is_modern => Err(CallMeta::missing_version()),
            // A server that supports only the legacy era answers like one that does not know the
            // modern era, so that a client that probes for it falls back (ERA-2, TRAP-2).
            None if request.method == Discover::NAME => {
                Err(ErrorObject::method_not_found(&request.method))
            }
            None => Err(ErrorObject::invalid_request("there is no session; send initialize first")),
        }
    }

    /// Begins a request whose `_meta` has been read. [`Connection::finish`] answers it.
    pub(crate) fn begin(&self, request: Request, meta: CallMeta) -> Begun {
        let is_legacy =
            meta.claim == Claim::Absent || !self.server.definition.supports(Era::Modern);
        let registry = self.server.definition.live.registry();
        if request.method == Initialize::NAME && is_legacy {
            return match self.answer_initialize(&request, &registry) {
                Ok(result) => Begun::Answered(Box::new(Ok(result))),
                Err(error) => self.refused(error),
            };
        }
        match self.admit(&request, &meta) {
            Ok((revision, session)) => self.begin_of(request, meta, revision, session, registry),
            Err(error) => self.refused(error),
        }
    }

    /// Begins a request of a known revision and session, from one snapshot of the registry.
    pub(crate) fn begin_of(
        &self,
        request: Request,
        meta: CallMeta,
        revision: Revision,
        session: Option<Arc<LegacySession>>,
        registry: Arc<Registry>,
    ) -> Begun {
        match self.create(request, meta, revision, session, registry) {
            Ok(call) => Begun::Call(CloseOnDrop(call)),
            Err(error) => self.refused(error),
        }
    }

    #[cold]
    fn refused(&self, error: ErrorObject) -> Begun {
        Begun::Answered(Box::new(Err(self.fit_error(error).into())))
    }

    /// Answers `initialize`.
    #[cold]
    fn answer_initialize(
        &self,
        request: &Request,
        registry: &Registry,
    ) -> Result<JsonBytes, ErrorObject> {
        let telemetry = self.server.definition.environment.telemetry.as_ref();
        let binding = self.conversation.binding;
        let recording = recording::of_handshake(telemetry, binding, &request.id);
        let entered = recording.as_ref().map(|recording| recording.enter());
        let result = self.check_scopes(request, registry).and_then(|()| self.initialize(request));
        drop(entered);
        if let Some(mut recording) = recording {
            recording.end(&result.clone().map_err(CallError::from));
        }
        result
    }

    /// Checks that the caller has the scopes that a request needs, before any layer runs.
    ///
    /// # Errors
    /// With all scopes of the operation.
    fn check_scopes(&self, request: &Request, registry: &Registry) -> Result<(), ErrorObject> {
        let principal = request.extensions.get::<Principal>();
        if !scopes_are_checked(principal, self.conversation.binding.is_http()) {
            return Ok(());
        }
        let access = &self.server.definition.access;
        access.check(registry, &request.method, &request.params, principal)
    }

    fn create(
        &self,
        mut request: Request,
        meta: CallMeta,
        revision: Revision,
        session: Option<Arc<LegacySession>>,
        registry: Arc<Registry>,
    ) -> Result<Arc<Call>, ErrorObject> {
        let server = &*self.server.definition;
        let row = server.known_methods.find_in(&request.method, revision);
        let is_known = row.is_some_and(|row| row.direction.client_may_send());
        let is_custom = |method: &CustomMethod| method.is_in(revision);
        if !is_known && !server.methods.get(&*request.method).is_some_and(is_custom) {
            return Err(ErrorObject::method_not_found(&request.method));
        }
        if let Some(local) = &server.local_principal
            && !self.conversation.binding.is_http()
            && request.extensions.get::<Principal>().is_none()
        {
            request.extensions.insert(local.clone());
        }
        // Where scopes may be required, legacy HTTP has done it, because it checks those of all
        // requests of a body.
        if registry.tools.has_dialects()
            && request.extensions.get::<Translation>().is_none()
            && let Some(translation) = registry.translate(&request.method, &mut request.params)
        {
            request.extensions.insert(translation);
        }
        self.check_scopes(&request, &registry)?;
        Ok(Arc::new(Call::new(
            request,
            &server.environment,
            &self.conversation,
            revision,
            meta,
            session,
            registry,
            row.is_some_and(|row| row.may_require_input),
        )))
    }

    /// Runs a call to its end. All that a request needs before its handler runs is done by then, so
    /// that the future, which is moved and boxed, is small.
    pub(crate) async fn finish(&self, begun: Begun) -> Reply {
        let end = match begun {
            Begun::Call(end) => end,
            Begun::Answered(reply) => return *reply,
        };
        let call = &end.0;
        let recording = recording::of_call(call);
        let reply = match &recording {
            None => self.server.stack.call(call).await,
            // Boxed, so that the future of a call without a subscriber is small.
            Some(recording) => {
                Box::pin(recording::inside(recording, self.server.stack.call(call))).await
            }
        };
        call.gate.close_and_wait().await;
        let reply = reply.map_err(|error| match error {
            CallError::Peer(error) => fit_error(error, call.rules).into(),
            error => error,
        });
        if let Some(mut recording) = recording {
            recording.end(&reply);
        }
        reply
    }

    fn initialize(&self, request: &Request) -> Result<JsonBytes, ErrorObject> {
        let server = &*self.server.definition;
        let offered = &server.revisions;
        let params: InitializeParams =
            request.params.parse().map_err(|error| invalid_params(&error))?;
        let Some(latest) =
            offered.iter().copied().filter(|revision| revision.era() == Era::Legacy).max()
        else {
            // ERA-8: the message is for people; the data is that of −32022, for programs.
            let names: Vec<_> = offered.iter().map(|revision| revision.as_str()).collect();
            let message = format!("this server has no sessions; it supports {}", names.join(", "));
            let data =
                serde_json::json!({ "supported": names, "requested": params.protocol_version });
            return Err(ErrorObject::new(code::METHOD_NOT_FOUND, message).with_data(&data));
        };
        let asked = params.protocol_version.parse().ok();
        let revision = asked.filter(|revision: &Revision| {
            revision.era() == Era::Legacy && offered.contains(revision)
        });
        let revision = revision.unwrap_or(latest);
        // A session is notified only of capabilities that it negotiated (LG-4).
        let registry = server.live.registry();
        let listener = server.live.hub.listen(Filter {
            tools: registry.tools.is_offered(),
            prompts: registry.prompts.is_offered(),
            resources: registry.resources.is_offered(),
            ..Filter::default()
        });
        let limits = server.limits();
        let client = ClientDescription::new(
            &params.client_info,
            &params.capabilities,
            limits.max_client_info_bytes,
        )?;
        let session = self
            .legacy_session(revision, Some(client), listener.clone())
            .map_err(SessionMemoryFull::to_error)?;
        if self.conversation.session.set(Arc::new(session)).is_err() {
            return Err(ErrorObject::invalid_request("the session is already initialized"));
        }
        if let Some(telemetry) = &server.environment.telemetry {
            let binding = self.conversation.binding;
            drop(self.recording.set(recording::of_session(telemetry, binding, revision)));
        }
        if self.conversation.binding.notifies_of_changes() {
            self.notify_of_changes(listener);
        }
        let mut result = InitializeResult::new(
            revision.as_str(),
            server.capabilities(&registry),
            server.info.clone(),
        );
        result.instructions = server.instructions.clone();
        server.environment.encode(result, server.environment.rules.of(revision))
    }

    fn legacy_session(
        &self,
        revision: Revision,
        client: Option<ClientDescription>,
        listener: Listener,
    ) -> Result<LegacySession, SessionMemoryFull> {
        let memory = SessionMemory::new(&self.conversation.session_budget);
        LegacySession::new(revision, client, listener, memory)
    }

    /// Notifies a legacy client of changes until the connection ends.
    fn notify_of_changes(&self, listener: Listener) {
        let peer = self.peer.clone();
        let (handle, registration) = AbortHandle::new_pair();
        let notifying = async move {
            loop {
                let change = listener.next().await;
                peer.notify(change.into_notification(None)).await;
            }
        };
        tokio::spawn(futures::future::Abortable::new(notifying, registration));
        if let Err(second) = self.notifier.set(handle) {
            second.abort();
        }
    }
}

/// What the beginning of a request leads to. It is small, because futures hold it.
pub(crate) enum Begun {
    /// A call that the layers and the router answer.
    Call(CloseOnDrop),
    /// The answer of `initialize`, or an error.
    Answered(Box<Reply>),
}

impl Service for Connection {
    fn call(&self, request: Request) -> impl Future<Output = Reply> + Send {
        let begun = match CallMeta::read(&request.params) {
            Ok(meta) => self.begin(request, meta),
            Err(error) => self.refused(error),
        };
        self.finish(begun)
    }

    async fn notify(&self, notification: Notification) {
        // `notifications/initialized` and `notifications/roots/list_changed` need no action; layers
        // may handle other notifications.
        self.server.stack.notify(notification).await;
    }
}

impl Conversation for Connection {
    fn accepts_batches(&self) -> bool {
        self.conversation.session.get().is_some_and(|session| session.revision.rules().batching)
    }

    fn check_batch_entry(&self, params: &Params) -> Result<(), ErrorObject> {
        CallMeta::read_batch_entry(params).map(drop)
    }

    fn fit_error(&self, error: ErrorObject) -> ErrorObject {
        // What belongs to no call is as the session has it, or as a modern client expects it.
        let session = self.conversation.session.get();
        let revision = session.map_or(Revision::LATEST, |session| session.revision);
        fit_error(error, self.server.definition.environment.rules.of(revision))
    }

    fn draining(&self) {
        self.conversation.drain();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(notifier) = self.notifier.get() {
            notifier.abort();
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("conversation", &self.conversation)
            .finish_non_exhaustive()
    }
}

impl Accept for Server {
    type Conversation = Connection;

    fn accept(&self, peer: Peer) -> Connection {
        Connection::new(self.clone(), peer, Binding::Stream)
    }

    fn limits(&self) -> ConnectionLimits {
        self.definition.limits().connection.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The future is boxed for each call over HTTP, with a few pointers. Allocators have a slow
    /// path for what is longer than a KiB. Without optimization it is larger than usual.
    #[test]
    fn the_future_of_a_call_is_small() {
        let server = Server::builder("small", "1.0.0").build().unwrap();
        let connection = Connection::new(server, Peer::none(), Binding::Stream);
        let request = Request::new(1.into(), Ping::NAME, JsonBytes::empty_object());
        let meta = CallMeta::read(&request.params).unwrap();
        let size = size_of_val(&connection.finish(connection.begin(request, meta)));
        assert!(size < 1_000, "{size} bytes");
    }
}
