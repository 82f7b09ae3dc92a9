//! The notifications of one task.

use std::future::{pending, poll_fn};

use mcp_core::json::RawJson;
use mcp_core::method::NotificationMethod as _;
use mcp_core::method::notification::TaskChanged;
use mcp_core::service::BoxFuture;
use mcp_core::types::{DetailedTask, SubscriptionFilter};

use super::snapshot;
use crate::client::Client;
use crate::error::Error;
use crate::event::Event;
use crate::subscription::{Subscription, subscribe};

/// The subscription to one task. Without one the task is polled only.
pub(super) enum Listening {
    Opening(BoxFuture<'static, Result<Subscription, Error>>),
    Open(Subscription),
    Closed,
}

/// What a notification says.
pub(super) enum Heard {
    /// A new state.
    State(Box<DetailedTask>),
    /// Something that only a poll can tell.
    Unclear,
}

impl Listening {
    /// Begins to listen.
    pub(super) fn begin(client: &Client, id: &str) -> Self {
        let client = client.clone();
        let filter = SubscriptionFilter::new().task_ids(vec![id.to_owned()]);
        Self::Opening(Box::pin(async move { subscribe(&client, filter).await }))
    }

    /// The next notification; never if there is no subscription. Cancel safe.
    pub(super) async fn next(&mut self, id: &str) -> Heard {
        loop {
            match self {
                Self::Opening(opening) => {
                    *self = match opening.await {
                        Ok(subscription) if subscription.acknowledged().task_ids.is_some() => {
                            Self::Open(subscription)
                        }
                        Ok(_) => Self::Closed,
                        Err(error) => {
                            tracing::debug!(%error, "a task is polled only");
                            Self::Closed
                        }
                    };
                }
                Self::Open(subscription) => match poll_fn(|cx| subscription.poll_sized(cx)).await {
                    Some((event, _)) => return read(id, &event),
                    None => *self = Self::Closed,
                },
                Self::Closed => return pending().await,
            }
        }
    }
}

fn read(id: &str, event: &Event) -> Heard {
    match event {
        Event::Other { method, params } if method == TaskChanged::NAME => {
            state(id, params).map_or(Heard::Unclear, |task| Heard::State(Box::new(task)))
        }
        _ => Heard::Unclear,
    }
}

/// The state in a notification; `None` if it is malformed or lacks details.
fn state(id: &str, params: &RawJson) -> Option<DetailedTask> {
    let mut task: DetailedTask = params.parse().ok()?;
    snapshot::check(id, &task).ok()?;
    task.meta = None; // The id of the subscription.
    Some(task)
}
