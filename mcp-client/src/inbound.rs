//! What arrives from the server: its requests, its notifications, and where each goes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use mcp_core::Limits;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::meta::Meta;
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{Notification, Reply, Request, Service};
use mcp_core::types::{SubscriptionAcknowledgedParams, SubscriptionFilter};
use serde::Deserialize;
use tokio::sync::oneshot;

use crate::cache::{Cache, Change};
use crate::event::Event;
use crate::handler::Handlers;
use crate::handling::Handling;
use crate::mailbox::Mailbox;
use crate::progress::ProgressTable;
use crate::subscription::wants;

/// The client's side of the conversation.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) handlers: Handlers,
    pub(crate) cache: Cache,
    pub(crate) progress: ProgressTable,
    /// Set once the handshake, or the probe, is done.
    pub(crate) revision: OnceLock<Revision>,
    /// Questions of the server that handlers are busy with.
    pub(crate) handling: Handling,
    /// Streams of everything.
    listeners: Mutex<Vec<Listener>>,
    /// Subscriptions, by the id of their request.
    subscriptions: Mutex<HashMap<RequestId, Slot>>,
    most_subscriptions: usize,
}

/// Whoever reads events; only those of the filter, where there is one.
#[derive(Debug)]
struct Listener {
    mailbox: Weak<Mailbox>,
    filter: Option<SubscriptionFilter>,
}

/// Where the events of a subscription go.
#[derive(Debug)]
struct Slot {
    mailbox: Arc<Mailbox>,
    acknowledged: Option<oneshot::Sender<Option<SubscriptionFilter>>>,
}

impl Inbound {
    pub(crate) fn new(handlers: Handlers, limits: &Limits) -> Self {
        Self {
            handlers,
            cache: Cache::default(),
            progress: ProgressTable::default(),
            revision: OnceLock::new(),
            handling: Handling::new(),
            listeners: Mutex::default(),
            subscriptions: Mutex::default(),
            most_subscriptions: limits.subscriptions,
        }
    }

    /// A new stream of everything, or of what a filter lets through.
    pub(crate) fn listen(&self, filter: Option<SubscriptionFilter>) -> Arc<Mailbox> {
        let mailbox = Arc::new(Mailbox::default());
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.mailbox.strong_count() > 0);
        listeners.push(Listener { mailbox: Arc::downgrade(&mailbox), filter });
        mailbox
    }

    fn subscriptions(&self) -> MutexGuard<'_, HashMap<RequestId, Slot>> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes down a subscription whose request is about to leave; `None` when there are too many.
    ///
    /// The receiver gets what the server agreed to, or nothing of it when an event came first.
    pub(crate) fn subscribe(
        &self,
        id: RequestId,
    ) -> Option<(Arc<Mailbox>, oneshot::Receiver<Option<SubscriptionFilter>>)> {
        let mut subscriptions = self.subscriptions();
        if subscriptions.len() >= self.most_subscriptions {
            return None;
        }
        let mailbox = Arc::new(Mailbox::default());
        let (sender, receiver) = oneshot::channel();
        let slot = Slot { mailbox: Arc::clone(&mailbox), acknowledged: Some(sender) };
        subscriptions.insert(id, slot);
        Some((mailbox, receiver))
    }

    /// Forgets a subscription.
    pub(crate) fn unsubscribe(&self, id: &RequestId) {
        let slot = self.subscriptions().remove(id);
        if let Some(slot) = slot {
            slot.mailbox.close();
        }
    }

    /// The connection is over: all streams end.
    pub(crate) fn disconnected(&self) {
        let listeners = std::mem::take(&mut *self.listeners.lock().unwrap_or_else(PoisonError::into_inner));
        for mailbox in listeners.iter().filter_map(|listener| listener.mailbox.upgrade()) {
            mailbox.close();
        }
        let subscriptions = std::mem::take(&mut *self.subscriptions());
        for slot in subscriptions.into_values() {
            slot.mailbox.close();
        }
    }

    /// Changes may have been missed.
    pub(crate) fn missed(&self) {}

    /// A legacy session was begun anew.
    pub(crate) fn session_restarted(&self) {}

    fn acknowledged(&self, params: &JsonBytes) {
        let Ok(params) = params.parse::<SubscriptionAcknowledgedParams>() else { return };
        let Some(id) = params.meta.as_ref().and_then(Meta::subscription_id) else { return };
        if let Some(slot) = self.subscriptions().get_mut(&id)
            && let Some(acknowledged) = slot.acknowledged.take()
        {
            drop(acknowledged.send(Some(params.notifications))); // The subscriber may just have left.
        }
    }

    /// The server tears a subscription down (SUB-8).
    fn cancelled(&self, params: &JsonBytes) {
        #[derive(Deserialize)]
        struct Cancelled {
            #[serde(rename = "requestId")]
            request_id: RequestId,
        }
        if let Ok(Cancelled { request_id }) = params.parse() {
            self.unsubscribe(&request_id);
        }
    }

    fn event(&self, method: &str, params: &JsonBytes) {
        let Some(event) = Event::read(method, params) else {
            tracing::debug!(method, "dropped a malformed notification");
            return;
        };
        match &event {
            Event::ToolsListChanged => self.cache.invalidate(Change::Tools),
            Event::PromptsListChanged => self.cache.invalidate(Change::Prompts),
            Event::ResourcesListChanged => self.cache.invalidate(Change::Resources),
            Event::ResourceUpdated(updated) => self.cache.invalidate(Change::Resource(&updated.uri)),
            _ => {}
        }
        let size = params.as_bytes().len();
        if let Some(id) = subscription_of(params)
            && let Some(slot) = self.subscriptions().get_mut(&id)
        {
            if let Some(acknowledged) = slot.acknowledged.take() {
                drop(acknowledged.send(None)); // Out of order, but it is there.
            }
            slot.mailbox.push(without_meta(event.clone()), size);
        }
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.iter() {
            if listener.filter.as_ref().is_none_or(|filter| wants(filter, &event))
                && let Some(mailbox) = listener.mailbox.upgrade()
            {
                mailbox.push(event.clone(), size);
            }
        }
    }

    async fn handle(&self, request: &Request) -> Result<JsonBytes, ErrorObject> {
        // A modern server asks through results and never sends a request (BASE-8).
        if self.revision.get().map(|revision| revision.era()) == Some(Era::Modern) {
            tracing::warn!(method = %request.method, "refused a request: this revision's servers send none");
            return Err(ErrorObject::method_not_found(&request.method));
        }
        if request.method == "ping" {
            return Ok(JsonBytes::empty_object());
        }
        let _busy = self.handling.begin();
        match self.handlers.answer(&request.method, &request.params).await {
            Some(answer) => answer,
            None => Err(ErrorObject::method_not_found(&request.method)),
        }
    }
}

impl Service for Inbound {
    async fn call(&self, request: Request) -> Reply {
        self.handle(&request).await.map_err(Into::into)
    }

    async fn notify(&self, notification: Notification) {
        let Notification { method, params, .. } = notification;
        match &*method {
            "notifications/progress" => self.progress.report(&params),
            "notifications/cancelled" => self.cancelled(&params),
            "notifications/subscriptions/acknowledged" => self.acknowledged(&params),
            method => self.event(method, &params),
        }
    }

    fn accepts_batches(&self) -> bool {
        self.revision.get().is_some_and(|revision| revision.rules().batching)
    }
}

/// The subscription to which a notification belongs.
fn subscription_of(params: &JsonBytes) -> Option<RequestId> {
    #[derive(Deserialize)]
    struct Tagged {
        #[serde(rename = "_meta")]
        meta: Option<Subscription>,
    }
    #[derive(Deserialize)]
    struct Subscription {
        #[serde(rename = "io.modelcontextprotocol/subscriptionId")]
        id: Option<RequestId>,
    }
    memchr::memmem::find(params.as_bytes(), b"subscriptionId")?;
    params.parse::<Tagged>().ok()?.meta?.id
}

/// A subscription's own id says nothing to its reader, and would make equal events differ.
fn without_meta(event: Event) -> Event {
    match event {
        Event::ResourceUpdated(mut updated) => {
            updated.meta = None;
            Event::ResourceUpdated(updated)
        }
        event => event,
    }
}
