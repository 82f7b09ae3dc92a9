//! Change notifications of what the caller chose.
//!
//! Modern servers have `subscriptions/listen`, a request that stays open and whose id marks its
//! notifications. Legacy servers have `resources/subscribe` for each resource and send the changes of lists
//! unasked. Spec: basic/patterns/subscriptions; server/resources.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::Stream;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::{BoxFuture, Reply, Request};
use mcp_core::transport::TransportErrorKind;
use mcp_core::types::SubscriptionFilter;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use crate::client::Client;
use crate::error::{Error, ErrorKind, Expired};
use crate::event::Event;
use crate::mailbox::Mailbox;
use crate::params::{MetaParts, Params};

const METHOD: &str = "subscriptions/listen";

/// The changes that a server tells of. Dropping it ends the subscription.
///
/// Changes that say the same as one that was not read yet are told once; when more than 1,024 wait, the
/// oldest are dropped and [`Event::Lagged`] says how many.
///
/// Where the way to the server can come back (HTTP), a subscription that is cut off is asked for again, after
/// random pauses that grow; [`Event::Gap`] says that it is there again and that changes may have been missed.
/// The stream ends when the server ends the subscription, when the connection is lost for good, or when
/// [`Limits::reconnects`](crate::Limits) attempts in a row were in vain: [`Subscription::error`] tells which.
pub struct Subscription {
    mailbox: Arc<Mailbox>,
    acknowledged: SubscriptionFilter,
    /// What the server agreed to when it was asked again.
    agreed_anew: Arc<Mutex<Option<SubscriptionFilter>>>,
    _guard: Guard,
}

impl Subscription {
    /// What the server agreed to tell; it may be less than what was asked for. After [`Event::Gap`] it may have
    /// changed.
    #[must_use]
    pub fn acknowledged(&self) -> &SubscriptionFilter {
        &self.acknowledged
    }

    /// Why the stream ended, if it did not end in the proper way.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.mailbox.error()
    }
}

impl Stream for Subscription {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let this = self.get_mut();
        if let Some(agreed) = this.agreed_anew.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            this.acknowledged = agreed;
        }
        this.mailbox.poll_next(cx)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("acknowledged", &self.acknowledged)
            .field("error", &self.error())
            .finish_non_exhaustive()
    }
}

/// Ends a subscription when it is dropped.
enum Guard {
    Modern { client: Client, mailbox: Arc<Mailbox>, task: Option<AbortHandle> },
    Legacy { client: Client, uris: Vec<String>, runtime: tokio::runtime::Handle },
}

impl Drop for Guard {
    fn drop(&mut self) {
        match self {
            Self::Modern { client, mailbox, task } => {
                client.wire().inbound.release(mailbox);
                if let Some(task) = task {
                    task.abort(); // Which drops the request, and so cancels it.
                }
            }
            Self::Legacy { client, uris, runtime } => {
                let left = client.unwatch(std::mem::take(uris));
                if left.is_empty() {
                    return;
                }
                let client = client.clone();
                runtime.spawn(async move {
                    for uri in left {
                        if let Err(error) = client.unsubscribe_resource(&uri).await {
                            tracing::debug!(%error, "a resource could not be unsubscribed");
                        }
                    }
                });
            }
        }
    }
}

pub(crate) async fn subscribe(
    client: &Client,
    filter: SubscriptionFilter,
) -> Result<Subscription, Error> {
    if client.session().is_modern() {
        listen(client, filter).await
    } else {
        watch(client, filter).await
    }
}

/// Opens a stream on a modern server.
async fn listen(client: &Client, filter: SubscriptionFilter) -> Result<Subscription, Error> {
    let id = client.wire().next_id();
    let Some((mailbox, acknowledged)) = client.wire().inbound.subscribe(id.clone()) else {
        return Err(Error::new(
            ErrorKind::Limit,
            "this client has as many subscriptions as it may",
        ));
    };
    let mut guard =
        Guard::Modern { client: client.clone(), mailbox: Arc::clone(&mailbox), task: None };
    let agreed_anew = Arc::default();
    let agreed = match open(client, &filter, id.clone(), acknowledged).await? {
        Opened::Listening { call, agreed } => {
            let listener = Listener {
                client: client.clone(),
                filter,
                id,
                mailbox: Arc::clone(&mailbox),
                agreed_anew: Arc::clone(&agreed_anew),
            };
            if let Guard::Modern { task, .. } = &mut guard {
                *task = Some(tokio::spawn(listener.keep(call)).abort_handle());
            }
            agreed
        }
        Opened::Ended => {
            mailbox.close();
            SubscriptionFilter::new()
        }
    };
    Ok(Subscription { mailbox, acknowledged: agreed, agreed_anew, _guard: guard })
}

/// What became of a request to listen.
enum Opened {
    /// It stays open.
    Listening { call: BoxFuture<'static, Reply>, agreed: SubscriptionFilter },
    /// The server ended it at once.
    Ended,
}

/// Sends a request to listen, and waits until the server agrees.
async fn open(
    client: &Client,
    filter: &SubscriptionFilter,
    id: RequestId,
    mut acknowledged: oneshot::Receiver<Option<SubscriptionFilter>>,
) -> Result<Opened, Error> {
    let params = Params::new().with("notifications", filter)?;
    let (params, _) = params.seal(&MetaParts {
        session: &client.session().meta,
        progress_token: None,
        log_level: None,
        user: None,
    });
    let outbound = client.wire().connection.outbound().clone();
    let mut call: BoxFuture<'static, Reply> =
        Box::pin(async move { outbound.call(Request::new(id, METHOD, params)).await });
    let patience = client.timeouts().idle;
    tokio::select! {
        biased;
        agreed = &mut acknowledged => match agreed {
            // An event that came before the acknowledgement shows that there is a subscription.
            Ok(agreed) => Ok(Opened::Listening { call, agreed: agreed.unwrap_or_else(|| filter.clone()) }),
            Err(_) => Err(Error::new(ErrorKind::Transport, "the connection ended").during(METHOD)),
        },
        reply = &mut call => match reply {
            Ok(_) => Ok(Opened::Ended),
            Err(error) => Err(Error::from_call(METHOD, error)),
        },
        () = client.wire().inbound.handling.silence(patience) => Err(Error::timed_out(METHOD, Expired::Idle, patience)),
    }
}

/// Keeps a subscription open: the task behind a [`Subscription`], so that changes are known, and the cache is
/// told, whether the stream is read or not.
struct Listener {
    client: Client,
    filter: SubscriptionFilter,
    id: RequestId,
    mailbox: Arc<Mailbox>,
    agreed_anew: Arc<Mutex<Option<SubscriptionFilter>>>,
}

impl Listener {
    async fn keep(mut self, mut call: BoxFuture<'static, Reply>) {
        let mut backoff = self.client.wire().inbound.backoff();
        loop {
            let since = Instant::now();
            let mut error = match call.await {
                Ok(_) => return self.mailbox.close(),
                Err(error) => Error::from_call(METHOD, error),
            };
            backoff.lasted(since.elapsed());
            call = loop {
                let pause = self.may_return(&error).then(|| backoff.pause()).flatten();
                let Some(pause) = pause else { return self.mailbox.fail(error) };
                tracing::debug!(%error, ?pause, "a subscription was cut off; it is asked for again");
                sleep(pause).await;
                match self.open_again().await {
                    Some(Ok(Opened::Listening { call, agreed })) => {
                        backoff.worked();
                        *self.agreed_anew.lock().unwrap_or_else(PoisonError::into_inner) =
                            Some(agreed);
                        break call;
                    }
                    Some(Ok(Opened::Ended)) => return self.mailbox.close(),
                    Some(Err(again)) => error = again,
                    None => return,
                }
            };
        }
    }

    /// `None` when the subscription has ended meanwhile.
    async fn open_again(&mut self) -> Option<Result<Opened, Error>> {
        let wire = self.client.wire();
        let id = wire.next_id();
        let acknowledged = wire.inbound.renew(&self.id, id.clone(), self.filter.clone())?;
        self.id = id.clone();
        Some(open(&self.client, &self.filter, id, acknowledged).await)
    }

    /// Whether another attempt can end otherwise.
    fn may_return(&self, error: &Error) -> bool {
        let is_passing = match error.transport() {
            Some(error) => match error.status() {
                Some(status) => matches!(status, 408 | 425 | 429) || status >= 500,
                None => matches!(
                    error.kind(),
                    TransportErrorKind::Io
                        | TransportErrorKind::Overloaded
                        | TransportErrorKind::OutcomeUnknown
                ),
            },
            None => error.kind() == ErrorKind::Timeout,
        };
        is_passing && self.client.wire().connection.may_return()
    }
}

/// Subscribes to each resource on a legacy server.
async fn watch(client: &Client, filter: SubscriptionFilter) -> Result<Subscription, Error> {
    let wire = client.wire();
    let mailbox = wire.inbound.listen(Some(filter.clone()));
    wire.connection.listening().await;
    let runtime = tokio::runtime::Handle::current();
    let mut guard = Guard::Legacy { client: client.clone(), uris: Vec::new(), runtime };
    for uri in filter.resource_subscriptions.iter().flatten() {
        client.subscribe_resource(uri).await?;
        client.watch(uri);
        if let Guard::Legacy { uris, .. } = &mut guard {
            uris.push(uri.clone());
        }
    }
    let capabilities = client.server_capabilities();
    let tells = |changes: Option<bool>| changes == Some(true);
    let mut acknowledged = filter;
    if !capabilities.tools.as_ref().is_some_and(|tools| tells(tools.list_changed)) {
        acknowledged.tools_list_changed = None;
    }
    if !capabilities.prompts.as_ref().is_some_and(|prompts| tells(prompts.list_changed)) {
        acknowledged.prompts_list_changed = None;
    }
    if !capabilities.resources.as_ref().is_some_and(|resources| tells(resources.list_changed)) {
        acknowledged.resources_list_changed = None;
    }
    Ok(Subscription { mailbox, acknowledged, agreed_anew: Arc::default(), _guard: guard })
}

/// Whether an event is among those asked for.
pub(crate) fn wants(filter: &SubscriptionFilter, event: &Event) -> bool {
    match event {
        Event::ToolsListChanged => filter.tools_list_changed == Some(true),
        Event::PromptsListChanged => filter.prompts_list_changed == Some(true),
        Event::ResourcesListChanged => filter.resources_list_changed == Some(true),
        Event::ResourceUpdated(updated) => {
            // It may be one below the resource that is watched.
            (filter.resource_subscriptions.iter().flatten())
                .any(|uri| updated.uri.starts_with(uri.as_str()))
        }
        Event::Gap => true,
        _ => false,
    }
}
