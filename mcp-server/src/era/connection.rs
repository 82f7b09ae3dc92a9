//! The server's side of one conversation.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use futures::future::AbortHandle;
use mcp_core::era::{CallMeta, Claim};
use mcp_core::extensions::Extensions;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, code};
use mcp_core::method;
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{Notification, Peer, Reply, Request, Service};
use mcp_core::types::{InitializeParams, InitializeResult, ResourceUpdatedParams};
use tokio::sync::watch;

use super::Session;
use crate::context::Call;
use crate::input::Asking;
use crate::progress::Pace;
use crate::server::Inner;
use crate::subscription::{Change, Filter, Listener};

/// One conversation with one client, over any stream or in memory: a [`Service`].
pub struct Connection {
    server: Arc<Inner>,
    peer: Peer,
    conversation: Arc<Conversation>,
    /// The task that tells a legacy client of changes.
    teller: OnceLock<AbortHandle>,
}

/// What the calls of one conversation share.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) binding: Binding,
    pub(crate) session: OnceLock<Arc<Session>>,
    /// Open `subscriptions/listen` streams.
    pub(crate) listening: AtomicUsize,
    /// No more requests will come, so nobody should go on listening.
    draining: Arc<watch::Sender<bool>>,
}

impl Conversation {
    /// Done when no more requests will come.
    pub(crate) async fn drained(&self) {
        // The sender is `self`, so there is no error.
        drop(self.draining.subscribe().wait_for(|draining| *draining).await);
    }
}

/// What differs between the ways that messages come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binding {
    /// One stream for everything: ending a subscription is announced by `notifications/cancelled` (SUB-8).
    Stream,
    /// Each request has a response of its own, whose end tells the end of a subscription.
    #[cfg(feature = "http")]
    Http,
    /// A session over HTTP: each call brings its own way back, and who reads the session's stream asks for
    /// changes himself.
    #[cfg(feature = "http")]
    HttpSession,
}

impl Connection {
    pub(crate) fn new(server: Arc<Inner>, peer: Peer, binding: Binding) -> Self {
        Self::with(server, peer, binding, Arc::new(watch::Sender::new(false)))
    }

    /// For a session over HTTP, which ends when the requests of the modern era do.
    #[cfg(feature = "http")]
    pub(crate) fn session_of(modern: &Self) -> Self {
        let draining = Arc::clone(&modern.conversation.draining);
        Self::with(Arc::clone(&modern.server), Peer::none(), Binding::HttpSession, draining)
    }

    fn with(
        server: Arc<Inner>,
        peer: Peer,
        binding: Binding,
        draining: Arc<watch::Sender<bool>>,
    ) -> Self {
        let session = OnceLock::new();
        let conversation =
            Conversation { binding, session, listening: AtomicUsize::new(0), draining };
        Self { server, peer, conversation: Arc::new(conversation), teller: OnceLock::new() }
    }

    /// For one legacy call on a server that keeps no sessions: nobody is known to be there.
    #[cfg(feature = "http")]
    pub(crate) fn stateless(modern: &Self, revision: Revision) -> Self {
        let connection = Self::session_of(modern);
        let capabilities = mcp_core::types::ClientCapabilities::new();
        let session = Session::new(revision, None, &capabilities, Listener::deaf());
        drop(connection.conversation.session.set(Arc::new(session)));
        connection
    }

    /// Done when no more requests will come.
    #[cfg(feature = "http")]
    pub(crate) fn drained(&self) -> impl Future<Output = ()> + Send + use<> {
        let conversation = Arc::clone(&self.conversation);
        async move { conversation.drained().await }
    }

    /// The session that `initialize` began.
    #[cfg(feature = "http")]
    pub(crate) fn session(&self) -> Option<&Arc<Session>> {
        self.conversation.session.get()
    }

    /// Which revision a request is made in, and the session that it is part of.
    fn admit(
        &self,
        request: &Request,
        meta: &CallMeta,
    ) -> Result<(Revision, Option<Arc<Session>>), ErrorObject> {
        let is_modern = self.server.speaks(Era::Modern);
        if is_modern && let Some(revision) = meta.modern_revision(&self.server.revisions)? {
            return Ok((revision, None));
        }
        match self.conversation.session.get() {
            Some(session) => Ok((session.revision, Some(Arc::clone(session)))),
            // A ping may come before the handshake (LG-3).
            None if request.method == "ping" && self.server.speaks(Era::Legacy) => {
                Ok((Revision::LATEST_LEGACY, None))
            }
            None if is_modern => Err(CallMeta::missing_version()),
            // A server of the legacy era alone answers as one that knows no other, so that a client which
            // probes for the modern era falls back (ERA-2, T-2).
            None if request.method == "server/discover" => {
                Err(ErrorObject::method_not_found(&request.method))
            }
            None => {
                Err(ErrorObject::invalid_request("there is no session yet: send initialize first"))
            }
        }
    }

    /// Answers a request whose `_meta` was read.
    pub(crate) async fn call_with(&self, request: Request, meta: CallMeta) -> Reply {
        let is_legacy = meta.claim == Claim::Absent || !self.server.speaks(Era::Modern);
        if request.method == "initialize" && is_legacy {
            return Ok(self.initialize(&request)?);
        }
        let (revision, session) = self.admit(&request, &meta)?;
        self.answer(request, meta, revision, session).await
    }

    /// Answers a request that is known to be made in `revision`, and in `session` if there is one.
    pub(crate) async fn answer(
        &self,
        mut request: Request,
        meta: CallMeta,
        revision: Revision,
        session: Option<Arc<Session>>,
    ) -> Reply {
        let known = method::find_in(&request.method, revision)
            .is_some_and(|row| row.direction.client_may_send());
        if !known && !self.server.methods.contains_key(&*request.method) {
            return Err(ErrorObject::method_not_found(&request.method).into());
        }
        let call = Arc::new(Call {
            server: Arc::clone(&self.server),
            id: request.id.clone(),
            revision,
            meta,
            session,
            conversation: Arc::clone(&self.conversation),
            peer: request.peer.clone(),
            extensions: std::mem::take(&mut request.extensions),
            layered: OnceLock::new(),
            pace: Mutex::new(Pace::new()),
            asking: Asking::new(&request.method),
            is_over: AtomicBool::new(false),
        });
        request.extensions = Extensions::new();
        request.extensions.insert_shared(Arc::clone(&call));
        let _running = Running(call);
        self.server.stack.call(request).await
    }

    fn initialize(&self, request: &Request) -> Result<JsonBytes, ErrorObject> {
        let offered = &self.server.revisions;
        let params: InitializeParams =
            request.params.parse().map_err(|error| crate::router::invalid_params(&error))?;
        let Some(latest) =
            offered.iter().copied().filter(|revision| revision.era() == Era::Legacy).max()
        else {
            // ERA-8: in words, and for programs as −32022 has it.
            let names: Vec<_> = offered.iter().map(|revision| revision.as_str()).collect();
            let message = format!("this server has no sessions; it speaks {}", names.join(", "));
            let data =
                serde_json::json!({ "supported": names, "requested": params.protocol_version });
            return Err(ErrorObject::new(code::METHOD_NOT_FOUND, message).with_data(&data));
        };
        let asked = params.protocol_version.parse().ok();
        let revision = asked.filter(|revision: &Revision| {
            revision.era() == Era::Legacy && offered.contains(revision)
        });
        let revision = revision.unwrap_or(latest);
        // A session hears of what it negotiated alone (LG-4).
        let registry = self.server.live.registry();
        let listener = self.server.live.hub.listen(Filter {
            tools: registry.tools.is_offered(),
            prompts: registry.prompts.is_offered(),
            resources: registry.resources.is_offered(),
            ..Filter::default()
        });
        let session = Arc::new(Session::new(
            revision,
            Some(&params.client_info),
            &params.capabilities,
            listener.clone(),
        ));
        if self.conversation.session.set(session).is_err() {
            return Err(ErrorObject::invalid_request("the session is initialized already"));
        }
        if self.conversation.binding == Binding::Stream {
            self.tell_changes(listener);
        }
        let mut result = InitializeResult::new(
            revision.as_str(),
            self.server.capabilities(),
            self.server.info.clone(),
        );
        result.instructions = self.server.instructions.clone();
        self.server.encode(result, revision)
    }

    /// Tells a legacy client of changes, as they come, until the connection ends.
    fn tell_changes(&self, listener: Listener) {
        let peer = self.peer.clone();
        let (handle, registration) = AbortHandle::new_pair();
        let telling = async move {
            loop {
                let change = listener.next().await;
                peer.notify(change.into_notification(None)).await;
            }
        };
        tokio::spawn(futures::future::Abortable::new(telling, registration));
        if let Err(second) = self.teller.set(handle) {
            second.abort();
        }
    }
}

impl Service for Connection {
    async fn call(&self, request: Request) -> Reply {
        let meta = CallMeta::read(&request.params)?;
        self.call_with(request, meta).await
    }

    async fn notify(&self, notification: Notification) {
        // `notifications/initialized` and `notifications/roots/list_changed` need no action of ours; those of
        // other methods are for layers.
        self.server.stack.notify(notification).await;
    }

    fn accepts_batches(&self) -> bool {
        self.conversation.session.get().is_some_and(|session| session.revision.rules().batching)
    }

    fn draining(&self) {
        self.conversation.draining.send_replace(true);
    }
}

/// Notes that a call is over, whether it was answered or dropped.
struct Running(Arc<Call>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.is_over.store(true, Ordering::Release);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(teller) = self.teller.get() {
            teller.abort();
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

impl Change {
    /// The notification, with the id of the subscription it belongs to.
    pub(crate) fn into_notification(
        self,
        subscription: Option<&mcp_core::jsonrpc::RequestId>,
    ) -> Notification {
        let (method, uri) = match self {
            Self::Tools => ("notifications/tools/list_changed", None),
            Self::Prompts => ("notifications/prompts/list_changed", None),
            Self::Resources => ("notifications/resources/list_changed", None),
            Self::Resource(uri) => ("notifications/resources/updated", Some(uri)),
        };
        let meta =
            subscription.map(|id| mcp_core::meta::Meta::new().with_subscription_id(id.clone()));
        let params = match uri {
            Some(uri) => {
                let mut params = ResourceUpdatedParams::new(&*uri);
                params.meta = meta;
                JsonBytes::new(&params)
            }
            None => {
                let mut params = mcp_core::types::NotificationParams::new();
                params.meta = meta;
                JsonBytes::new(&params)
            }
        };
        Notification::new(method, params.unwrap_or_else(|_| JsonBytes::empty_object()))
    }
}
