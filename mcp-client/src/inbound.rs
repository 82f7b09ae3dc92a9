//! What arrives from the server: its requests, its notifications, and where each goes.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use crate::Limits;
use mcp_core::json::JsonBytes;
use mcp_core::jsonrpc::{ErrorObject, RequestId};
use mcp_core::meta::Meta;
use mcp_core::revision::{Era, Revision};
use mcp_core::service::{Conversation, Notification, Reply, Request, Service};
#[cfg(feature = "http")]
use mcp_core::transport::TransportError;
use mcp_core::types::{SubscriptionAcknowledgedParams, SubscriptionFilter};
use serde::Deserialize;
use tokio::sync::oneshot;

use crate::backoff::Backoff;
use crate::cache::{Cache, Change};
use crate::client::WeakClient;
#[cfg(feature = "http")]
use crate::error::Error;
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
    pub(crate) listeners: Mutex<Vec<Listener>>,
    /// Subscriptions, by the id of their request.
    subscriptions: Mutex<HashMap<RequestId, Slot>>,
    most_subscriptions: usize,
    backoff: Backoff,
    /// The client, once there is one.
    pub(crate) client: OnceLock<WeakClient>,
    /// Sessions that began since the client last told the server what it watches.
    pub(crate) restarts: AtomicUsize,
}

/// Whoever reads events; only those of the filter, where there is one.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) mailbox: Weak<Mailbox>,
    pub(crate) filter: Option<SubscriptionFilter>,
}

/// Where the events of a subscription go.
#[derive(Debug)]
struct Slot {
    mailbox: Arc<Mailbox>,
    acknowledged: Option<oneshot::Sender<Option<SubscriptionFilter>>>,
    /// What is watched, when the subscription is made anew: changes may have been missed.
    renewed: Option<SubscriptionFilter>,
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
            most_subscriptions: limits.max_subscriptions,
            backoff: Backoff::new(limits),
            client: OnceLock::new(),
            restarts: AtomicUsize::new(0),
        }
    }

    /// The client is there.
    pub(crate) fn attach(&self, client: WeakClient) {
        let _ = self.client.set(client); // There is one.
    }

    /// The pauses of something that is tried again.
    pub(crate) fn backoff(&self) -> Backoff {
        self.backoff.clone()
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
        let slot =
            Slot { mailbox: Arc::clone(&mailbox), acknowledged: Some(sender), renewed: None };
        subscriptions.insert(id, slot);
        Some((mailbox, receiver))
    }

    /// As [`Inbound::subscribe`], for a subscription that was cut off and is asked for again; `None` when it ended
    /// meanwhile.
    pub(crate) fn renew(
        &self,
        id: &RequestId,
        new: RequestId,
        filter: SubscriptionFilter,
    ) -> Option<oneshot::Receiver<Option<SubscriptionFilter>>> {
        let mut subscriptions = self.subscriptions();
        let mut slot = subscriptions.remove(id)?;
        let (sender, receiver) = oneshot::channel();
        slot.acknowledged = Some(sender);
        slot.renewed = Some(filter);
        subscriptions.insert(new, slot);
        Some(receiver)
    }

    /// Forgets the subscription that a mailbox belongs to.
    pub(crate) fn release(&self, mailbox: &Arc<Mailbox>) {
        mailbox.close();
        self.subscriptions().retain(|_, slot| !Arc::ptr_eq(&slot.mailbox, mailbox));
    }

    /// The server ends a subscription.
    fn unsubscribe(&self, id: &RequestId) {
        let slot = self.subscriptions().remove(id);
        if let Some(slot) = slot {
            slot.mailbox.close();
        }
    }

    /// The connection is over: all streams end.
    pub(crate) fn disconnected(&self) {
        let listeners =
            std::mem::take(&mut *self.listeners.lock().unwrap_or_else(PoisonError::into_inner));
        for mailbox in listeners.iter().filter_map(|listener| listener.mailbox.upgrade()) {
            mailbox.close();
        }
        let subscriptions = std::mem::take(&mut *self.subscriptions());
        for slot in subscriptions.into_values() {
            slot.mailbox.close();
        }
    }

    /// Changes may have been missed, whatever is watched.
    pub(crate) fn missed(&self) {
        self.cache.invalidate(Change::Any);
        for slot in self.subscriptions().values() {
            slot.mailbox.push(Event::Gap, 0);
        }
        self.tell_listeners(&Event::Gap, 0);
    }

    /// The stream of a legacy session is lost: subscriptions end with the reason. Streams of all
    /// notifications continue, since calls have notifications too.
    #[cfg(feature = "http")]
    pub(crate) fn subscriptions_lost(&self, error: &TransportError) {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        let subscriptions = listeners.iter().filter(|listener| listener.filter.is_some());
        for mailbox in subscriptions.filter_map(|listener| listener.mailbox.upgrade()) {
            mailbox.fail(Error::stream_lost(error.clone()));
        }
    }

    fn acknowledged(&self, params: &JsonBytes) {
        let Ok(params) = params.parse::<SubscriptionAcknowledgedParams>() else { return };
        let Some(id) = params.meta.as_ref().and_then(Meta::subscription_id) else { return };
        self.began(&id, Some(params.notifications));
    }

    /// A subscription was acknowledged, or shows by its first event that it is there. What was cut off tells of the
    /// gap before anything else.
    fn began(&self, id: &RequestId, agreed: Option<SubscriptionFilter>) {
        let mut subscriptions = self.subscriptions();
        let Some(slot) = subscriptions.get_mut(id) else { return };
        let Some(acknowledged) = slot.acknowledged.take() else { return };
        let renewed = slot.renewed.take();
        if renewed.is_some() {
            slot.mailbox.push(Event::Gap, 0);
        }
        drop(subscriptions);
        if let Some(filter) = renewed {
            self.cache.invalidate_watched(&filter);
            self.tell_listeners(&Event::Gap, 0);
        }
        drop(acknowledged.send(agreed)); // The subscriber may just have left.
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
            Event::ResourceUpdated(updated) => {
                self.cache.invalidate(Change::Resource(&updated.uri));
            }
            _ => {}
        }
        let size = params.as_bytes().len();
        if let Some(id) = subscription_of(params) {
            self.began(&id, None); // Unless it was acknowledged, as it should be.
            if let Some(slot) = self.subscriptions().get(&id) {
                slot.mailbox.push(without_meta(event.clone()), size);
            }
        }
        self.tell_listeners(&event, size);
    }

    fn tell_listeners(&self, event: &Event, size: usize) {
        let listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        for listener in listeners.iter() {
            if listener.filter.as_ref().is_none_or(|filter| wants(filter, event))
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
}

impl Conversation for Inbound {
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
