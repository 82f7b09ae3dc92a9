//! Subscriptions of the modern era: a request that stays open, and whose id marks its
//! notifications. Spec: basic/patterns/subscriptions.

use std::sync::Arc;

use mcp_core::jsonrpc::RequestId;
use mcp_core::method::{Method as _, SubscriptionsListen};
use mcp_core::service::{BoxFuture, Reply, Request};
use mcp_core::sync::Mutex;
use mcp_core::types::SubscriptionFilter;
use tokio::time::{Instant, sleep};

use super::acknowledgement::agreed_part;
use super::guard::{Guard, Listen};
use super::handle::Subscription;
use crate::client::Client;
use crate::deadline::silence;
use crate::error::{Error, ErrorKind, Expired};
use crate::event::Event;
use crate::event_queue::EventQueue;
use crate::inbound::Acknowledged;
use crate::params::{MetaParts, Params};

const METHOD: &str = SubscriptionsListen::NAME;

/// Opens a subscription on a modern server.
pub(super) async fn listen(
    client: &Client,
    requested: SubscriptionFilter,
) -> Result<Subscription, Error> {
    let id = client.wire().next_id();
    let Some((queue, acknowledged)) = client.wire().inbound.subscriptions.add(id.clone()) else {
        let max = client.limits().max_subscriptions;
        let message =
            format!("the client has {max} subscriptions already (Limits::max_subscriptions)");
        return Err(Error::new(ErrorKind::Limit, message).during(METHOD));
    };
    let mut guard = Listen::new(client.clone(), Arc::clone(&queue));
    let renewed = Arc::default();
    let agreed = match open(client, &requested, id.clone(), acknowledged).await? {
        Opened::Listening { call, agreed } => {
            let listener = Listener {
                client: client.clone(),
                requested: requested.clone(),
                id,
                queue: Arc::clone(&queue),
                renewed: Arc::clone(&renewed),
            };
            guard.set_task(tokio::spawn(listener.keep(call)).abort_handle());
            agreed
        }
        Opened::Ended => {
            queue.close();
            SubscriptionFilter::new()
        }
    };
    Ok(Subscription::new(queue, requested, agreed, renewed, Guard::Modern(guard)))
}

/// What became of a request to listen.
enum Opened {
    /// The request stays open.
    Listening { call: BoxFuture<'static, Reply>, agreed: SubscriptionFilter },
    /// The server ended it at once.
    Ended,
}

/// Sends a request to listen, and waits until the server agrees.
async fn open(
    client: &Client,
    filter: &SubscriptionFilter,
    id: RequestId,
    mut acknowledged: Acknowledged,
) -> Result<Opened, Error> {
    let params = Params::new().with("notifications", filter)?;
    let (params, _) = params.seal(&MetaParts::of_session(&client.session().meta));
    #[cfg(feature = "policy")]
    if let Some(policy) = client.policy() {
        policy.admit(&METHOD.into(), &params).await?;
    }
    let mut call = client.wire().call_owned(Request::new(id, METHOD, params));
    let patience = client.timeouts().idle;
    tokio::select! {
        biased;
        agreed = &mut acknowledged => match agreed {
            // An event that came before the acknowledgement shows that there is a subscription.
            Ok(agreed) => {
                let agreed = agreed.map_or_else(|| filter.clone(), |agreed| agreed_part(filter, &agreed));
                Ok(Opened::Listening { call, agreed })
            }
            Err(_) => Err(Error::new(ErrorKind::Transport, "the connection ended").during(METHOD)),
        },
        reply = &mut call => match reply {
            Ok(_) => Ok(Opened::Ended),
            Err(error) => Err(client.wire().error(METHOD, error)),
        },
        () = silence(&client.wire().inbound.handling, patience) => Err(Error::timed_out(METHOD, Expired::Idle, patience)),
    }
}

/// Keeps a subscription open: the task behind a [`Subscription`]. Changes reach the cache whether
/// the stream is read or not.
struct Listener {
    client: Client,
    requested: SubscriptionFilter,
    id: RequestId,
    queue: Arc<EventQueue<Event>>,
    renewed: Arc<Mutex<Option<SubscriptionFilter>>>,
}

impl Listener {
    async fn keep(mut self, mut call: BoxFuture<'static, Reply>) {
        let mut backoff = self.client.wire().inbound.backoff();
        loop {
            let since = Instant::now();
            let mut error = match call.await {
                Ok(_) => return self.queue.close(),
                Err(error) => self.client.wire().error(METHOD, error),
            };
            backoff.lasted(since.elapsed());
            call = loop {
                let pause = self.may_return(&error).then(|| backoff.pause()).flatten();
                let Some(pause) = pause else { return self.queue.fail(error) };
                tracing::debug!(%error, ?pause, "a subscription was interrupted; it is requested again");
                sleep(pause).await;
                match self.open_again().await {
                    Some(Ok(Opened::Listening { call, agreed })) => {
                        backoff.worked();
                        *self.renewed.lock() = Some(agreed);
                        break call;
                    }
                    Some(Ok(Opened::Ended)) => return self.queue.close(),
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
        let acknowledged =
            wire.inbound.subscriptions.renew(&self.id, id.clone(), self.requested.clone())?;
        self.id = id.clone();
        Some(open(&self.client, &self.requested, id, acknowledged).await)
    }

    /// Whether another attempt may succeed.
    fn may_return(&self, error: &Error) -> bool {
        error.is_passing() && self.client.wire().connection.may_return()
    }
}
