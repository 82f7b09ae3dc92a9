//! Change notifications of what the caller chose.
//!
//! Modern servers have `subscriptions/listen`, a request that stays open and whose id marks its
//! notifications. Legacy servers have `resources/subscribe` for each resource and send the changes of lists
//! unasked. Spec: basic/patterns/subscriptions; server/resources.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::Stream;
use mcp_core::jsonrpc::RequestId;
use mcp_core::service::{BoxFuture, Reply, Request};
use mcp_core::types::SubscriptionFilter;
use tokio::time::sleep;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Expired};
use crate::event::Event;
use crate::mailbox::Mailbox;
use crate::params::{MetaParts, Params};

const METHOD: &str = "subscriptions/listen";

/// The changes that a server tells of. Dropping it ends the subscription.
///
/// Changes that say the same as one that was not read yet are told once; when more than 1,024 wait, the
/// oldest are dropped and [`Event::Lagged`] says how many. The stream ends when the server ends the
/// subscription or the connection is lost: [`Subscription::error`] tells which. After a reconnect subscribe
/// again.
pub struct Subscription {
    mailbox: Arc<Mailbox>,
    acknowledged: SubscriptionFilter,
    /// The open request, in the modern era.
    call: Option<BoxFuture<'static, Reply>>,
    error: Option<Error>,
    _guard: Guard,
}

impl Subscription {
    /// What the server agreed to tell; it may be less than what was asked for.
    #[must_use]
    pub fn acknowledged(&self) -> &SubscriptionFilter {
        &self.acknowledged
    }

    /// Why the stream ended, if it did not end in the proper way.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }
}

impl Stream for Subscription {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let this = self.get_mut();
        if let Some(call) = &mut this.call
            && let Poll::Ready(reply) = call.as_mut().poll(cx)
        {
            this.call = None;
            if let Err(error) = reply {
                this.error = Some(Error::from_call(METHOD, error));
            }
            // What came before is still read.
            this.mailbox.close();
        }
        this.mailbox.poll_next(cx)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("acknowledged", &self.acknowledged)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// Ends a subscription when it is dropped.
enum Guard {
    Modern { client: Client, id: RequestId },
    Legacy { client: Client, uris: Vec<String>, runtime: tokio::runtime::Handle },
}

impl Drop for Guard {
    fn drop(&mut self) {
        match self {
            Self::Modern { client, id } => client.wire().inbound.unsubscribe(id),
            Self::Legacy { client, uris, runtime } => {
                let left = client.unwatch(std::mem::take(uris));
                if left.is_empty() {
                    return;
                }
                let client = client.clone();
                runtime.spawn(async move {
                    for uri in left {
                        if let Err(error) = client.resource_unsubscribe(&uri).await {
                            tracing::debug!(%error, "a resource could not be unsubscribed");
                        }
                    }
                });
            }
        }
    }
}

pub(crate) async fn subscribe(client: &Client, filter: SubscriptionFilter) -> Result<Subscription, Error> {
    if client.session().is_modern() { listen(client, filter).await } else { watch(client, filter).await }
}

/// Opens a stream on a modern server.
async fn listen(client: &Client, filter: SubscriptionFilter) -> Result<Subscription, Error> {
    let wire = client.wire();
    let id = wire.next_id();
    let params = Params::new().with("notifications", &filter)?;
    let (params, _) = params.seal(&MetaParts {
        session: &client.session().meta,
        progress_token: None,
        log_level: None,
        user: None,
    });
    let Some((mailbox, mut acknowledged)) = wire.inbound.subscribe(id.clone()) else {
        return Err(Error::new(ErrorKind::Limit, "this client has as many subscriptions as it may"));
    };
    let guard = Guard::Modern { client: client.clone(), id: id.clone() };
    let outbound = wire.connection.outbound().clone();
    let mut call: BoxFuture<'static, Reply> =
        Box::pin(async move { outbound.call(Request::new(id, METHOD, params)).await });
    let patience = client.timeouts().idle;
    let (call, agreed) = tokio::select! {
        biased;
        agreed = &mut acknowledged => match agreed {
            // An event that came before the acknowledgement shows that there is a subscription.
            Ok(agreed) => (Some(call), agreed.unwrap_or(filter)),
            Err(_) => return Err(Error::new(ErrorKind::Transport, "the connection ended").during(METHOD)),
        },
        reply = &mut call => match reply {
            Ok(_) => {
                mailbox.close();
                (None, SubscriptionFilter::new())
            }
            Err(error) => return Err(Error::from_call(METHOD, error)),
        },
        () = sleep(patience) => return Err(Error::timed_out(METHOD, Expired::Idle, patience)),
    };
    Ok(Subscription { mailbox, acknowledged: agreed, call, error: None, _guard: guard })
}

/// Subscribes to each resource on a legacy server.
async fn watch(client: &Client, filter: SubscriptionFilter) -> Result<Subscription, Error> {
    let wire = client.wire();
    let mailbox = wire.inbound.listen(Some(filter.clone()));
    wire.connection.listening().await;
    let runtime = tokio::runtime::Handle::current();
    let mut guard = Guard::Legacy { client: client.clone(), uris: Vec::new(), runtime };
    for uri in filter.resource_subscriptions.iter().flatten() {
        client.resource_subscribe(uri).await?;
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
    Ok(Subscription { mailbox, acknowledged, call: None, error: None, _guard: guard })
}

/// Whether an event is among those asked for.
pub(crate) fn wants(filter: &SubscriptionFilter, event: &Event) -> bool {
    match event {
        Event::ToolsListChanged => filter.tools_list_changed == Some(true),
        Event::PromptsListChanged => filter.prompts_list_changed == Some(true),
        Event::ResourcesListChanged => filter.resources_list_changed == Some(true),
        Event::ResourceUpdated(updated) => {
            // It may be one below the resource that is watched.
            (filter.resource_subscriptions.iter().flatten()).any(|uri| updated.uri.starts_with(uri.as_str()))
        }
        _ => false,
    }
}
