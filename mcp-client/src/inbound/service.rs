//! The client's side of the conversation.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};

use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::meta::Meta;
use mcp_core::method::notification::{Cancelled, Progress, SubscriptionAcknowledged};
use mcp_core::method::{Method as _, NotificationMethod as _, Ping};
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{Conversation, Notification, Reply, Request, Service};
use mcp_core::text::PeerText;
#[cfg(feature = "http")]
use mcp_core::transport::TransportError;
use mcp_core::types::{CancelledParams, SubscriptionAcknowledgedParams, SubscriptionFilter};

use super::notification_hub::NotificationHub;
#[cfg(feature = "http")]
use super::open_calls::CameWith;
use super::open_calls::OpenCalls;
use super::refused_methods::RefusedMethods;
use super::session_observer::SessionObserver;
use super::subscription_table::SubscriptionTable;
use super::unreadable::UnreadableLines;
use crate::Limits;
use crate::backoff::Backoff;
use crate::cache::{Cache, Change};
use crate::connect_phase::CurrentPhase;
#[cfg(feature = "http")]
use crate::error::Error;
use crate::event::Event;
use crate::handler::{Handlers, missing_handler};
use crate::handling::Handling;
use crate::progress::ProgressTable;
use crate::question::{OriginatingCall, Question, ServerIdentity};

/// Takes the server's requests and notifications, and passes each to the part that it concerns.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) handlers: Handlers,
    pub(crate) cache: Cache,
    pub(crate) progress: ProgressTable,
    pub(crate) server: Arc<ServerIdentity>,
    pub(crate) open_calls: OpenCalls,
    pub(crate) unreadable: UnreadableLines,
    refused: RefusedMethods,
    /// How far connecting is.
    pub(crate) phase: CurrentPhase,
    /// Set once the handshake, or the probe, is done.
    pub(crate) revision: OnceLock<Revision>,
    /// Questions of the server that handlers are busy with.
    pub(crate) handling: Handling,
    pub(crate) hub: NotificationHub,
    pub(crate) subscriptions: SubscriptionTable,
    backoff: Backoff,
    /// The client, once there is one.
    pub(super) observer: OnceLock<Box<dyn SessionObserver>>,
    /// Sessions that began since the observer was last called.
    pub(super) restarts: AtomicUsize,
}

impl Inbound {
    pub(crate) fn new(handlers: Handlers, limits: &Limits) -> Self {
        Self {
            handlers,
            cache: Cache::private(&limits.cache),
            progress: ProgressTable::new(limits),
            server: Arc::default(),
            open_calls: OpenCalls::default(),
            unreadable: UnreadableLines::default(),
            refused: RefusedMethods::default(),
            phase: CurrentPhase::default(),
            revision: OnceLock::new(),
            handling: Handling::default(),
            hub: NotificationHub::new(limits),
            subscriptions: SubscriptionTable::new(limits),
            backoff: Backoff::new(limits),
            observer: OnceLock::new(),
            restarts: AtomicUsize::new(0),
        }
    }

    /// The pauses between attempts to restore something.
    pub(crate) fn backoff(&self) -> Backoff {
        self.backoff.clone()
    }

    /// Begins a connection. Returns its number, for [`Inbound::disconnected`].
    pub(crate) fn connected(&self) -> u64 {
        self.hub.connect()
    }

    /// Ends all streams, unless there is a later connection.
    pub(crate) fn disconnected(&self, connection: u64) {
        if self.hub.disconnect(connection) {
            self.subscriptions.close();
        }
    }

    /// Changes may have been missed, of anything that is watched.
    pub(crate) fn missed(&self) {
        self.cache.invalidate(Change::Any);
        self.subscriptions.push_all(&Event::Gap);
        self.hub.publish(&Event::Gap, 0);
    }

    /// Changes may have been missed, of what a subscription watches.
    pub(crate) fn invalidate_watched(&self, filter: &SubscriptionFilter) {
        for change in Change::watched(filter) {
            self.cache.invalidate(change);
        }
    }

    /// The stream of a legacy session is lost: subscriptions end with the reason. Streams of all
    /// notifications continue, since calls have notifications too.
    #[cfg(feature = "http")]
    pub(crate) fn subscriptions_lost(&self, error: &TransportError) {
        self.hub.fail_subscriptions(|| Error::stream_lost(error.clone()));
    }

    fn acknowledged(&self, params: &JsonBytes) {
        let Ok(params) = params.parse::<SubscriptionAcknowledgedParams>() else { return };
        let Some(id) = params.meta.as_ref().and_then(Meta::subscription_id) else { return };
        self.activate(&id, Some(params.notifications));
    }

    fn activate(&self, id: &RequestId, agreed: Option<SubscriptionFilter>) {
        if let Some(renewed) = self.subscriptions.activate(id, agreed) {
            self.invalidate_watched(&renewed);
            self.hub.publish(&Event::Gap, 0);
        }
    }

    /// The server ends a subscription (SUB-8).
    fn cancelled(&self, params: &JsonBytes) {
        // Malformed cancellations are ignored (CAN-3).
        if let Ok(CancelledParams { request_id: Some(id), .. }) = params.parse() {
            self.subscriptions.end(&id);
        }
    }

    fn event(&self, method: &str, params: &JsonBytes) {
        let Some(event) = Event::read(method, params) else {
            tracing::debug!(method = %PeerText::new(method), "dropped a malformed notification");
            return;
        };
        match &event {
            Event::ToolsListChanged => self.cache.invalidate(Change::Tools),
            Event::PromptsListChanged => self.cache.invalidate(Change::Prompts),
            Event::ResourcesListChanged => self.cache.invalidate(Change::Resources),
            Event::ResourceUpdated(updated) => {
                self.cache.invalidate(Change::Resource(&updated.uri));
            }
            _ => {}
        }
        let size = params.as_bytes().len();
        if let Some(id) = subscription_of(params) {
            self.activate(&id, None); // Unless it was acknowledged, as it should be.
            self.subscriptions.push(&id, event.clone().without_meta(), size);
        }
        self.hub.publish(&event, size);
    }

    async fn handle(&self, request: &Request) -> Result<JsonBytes, ErrorObject> {
        // A modern server asks through results and never sends a request (BASE-8).
        if self.revision.get().map(|revision| revision.era()) == Some(Era::Modern) {
            tracing::warn!(
                method = %PeerText::new(&request.method),
                "refused a request: servers of this revision send none"
            );
            return Err(ErrorObject::method_not_found(&request.method));
        }
        if request.method == Ping::NAME {
            return Ok(JsonBytes::empty_object());
        }
        let _busy = self.handling.begin();
        let call = self.originating_call(request);
        let question = Question::new(request.id.clone(), &self.server, call, &request.params);
        match self.handlers.answer(&request.method, &request.params, question).await {
            Some(answer) => answer,
            None => {
                let reason = missing_handler(&request.method, &request.params);
                // A server may ask as often as it likes.
                if self.refused.is_first(&request.method) {
                    tracing::warn!("refused a request: {reason}");
                } else {
                    tracing::debug!("refused a request: {reason}");
                }
                Err(ErrorObject::method_not_found(&request.method))
            }
        }
    }

    /// The call that a request of a legacy server belongs to, if that is certain.
    fn originating_call(&self, request: &Request) -> Option<OriginatingCall> {
        #[cfg(feature = "http")]
        if let Some(CameWith(call)) = request.extensions.get::<CameWith>() {
            return call.as_ref().and_then(|id| self.open_calls.get(id));
        }
        #[cfg(not(feature = "http"))]
        let _ = request;
        self.open_calls.only()
    }
}

impl Service for Inbound {
    async fn call(&self, request: Request) -> Reply {
        self.handle(&request).await.map_err(Into::into)
    }

    async fn notify(&self, notification: Notification) {
        let Notification { method, params, .. } = notification;
        match &*method {
            Progress::NAME => self.progress.report(&params),
            Cancelled::NAME => self.cancelled(&params),
            SubscriptionAcknowledged::NAME => self.acknowledged(&params),
            method => self.event(method, &params),
        }
    }
}

impl Conversation for Inbound {
    fn accepts_batches(&self) -> bool {
        self.revision.get().is_some_and(|revision| revision.rules().batching)
    }

    fn unreadable(&self, line: &[u8]) {
        self.unreadable.push(line);
    }
}

/// The subscription that a notification belongs to.
fn subscription_of(params: &JsonBytes) -> Option<RequestId> {
    memchr::memmem::find(params.as_bytes(), b"subscriptionId")?;
    let [meta] = params.members(["_meta"]).ok()?;
    meta?.parse::<Meta>().ok()?.subscription_id()
}
