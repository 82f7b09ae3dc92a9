//! What a server tells without being asked, and the streams of it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::Stream;
use mcp_core::json::{JsonBytes, RawJson};
use mcp_core::types::{ElicitationCompleteParams, LogMessageParams, ResourceUpdatedParams};

use crate::mailbox::{Letter, Mailbox};

/// A notification of the server.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The list of tools changed.
    ToolsListChanged,
    /// The list of prompts changed.
    PromptsListChanged,
    /// The list of resources changed.
    ResourcesListChanged,
    /// A resource changed, or one below it.
    ResourceUpdated(ResourceUpdatedParams),
    /// A log message.
    Log(LogMessageParams),
    /// The user is done with a URL. 2025-11-25 only.
    ElicitationComplete(ElicitationCompleteParams),
    /// Another notification.
    Other {
        /// Its method.
        method: String,
        /// Its params.
        params: RawJson,
    },
    /// So many events were dropped, because the stream was not read fast enough.
    Lagged(u64),
    /// The way to the server was cut and is there again: changes may have been missed meanwhile, so that all that
    /// is watched may be stale. What comes after this is told as before.
    Gap,
}

impl Event {
    /// Reads a notification; `None` when its params are not what its method says.
    pub(crate) fn read(method: &str, params: &JsonBytes) -> Option<Self> {
        Some(match method {
            "notifications/tools/list_changed" => Self::ToolsListChanged,
            "notifications/prompts/list_changed" => Self::PromptsListChanged,
            "notifications/resources/list_changed" => Self::ResourcesListChanged,
            "notifications/resources/updated" => Self::ResourceUpdated(params.parse().ok()?),
            "notifications/message" => Self::Log(params.parse().ok()?),
            "notifications/elicitation/complete" => Self::ElicitationComplete(params.parse().ok()?),
            _ => Self::Other { method: method.to_owned(), params: params.parse().ok()? },
        })
    }
}

impl Letter for Event {
    fn is_change(&self) -> bool {
        matches!(
            self,
            Self::ToolsListChanged
                | Self::PromptsListChanged
                | Self::ResourcesListChanged
                | Self::ResourceUpdated(_)
                | Self::Gap
        )
    }

    fn lagged(dropped: u64) -> Self {
        Self::Lagged(dropped)
    }
}

/// All notifications of the server, save those about single requests (progress).
///
/// At most 1,024 events and 4 MiB wait to be read; beyond that the oldest are dropped and
/// [`Event::Lagged`] says how many. Ends with the connection.
#[derive(Debug)]
pub struct Notifications {
    mailbox: Arc<Mailbox>,
}

impl Notifications {
    pub(crate) fn new(mailbox: Arc<Mailbox>) -> Self {
        Self { mailbox }
    }
}

impl Stream for Notifications {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.mailbox.poll_next(cx)
    }
}

/// The server's log messages.
#[derive(Debug)]
pub struct LogMessages {
    notifications: Notifications,
}

impl LogMessages {
    pub(crate) fn new(notifications: Notifications) -> Self {
        Self { notifications }
    }
}

impl Stream for LogMessages {
    type Item = LogMessageParams;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<LogMessageParams>> {
        loop {
            match ready!(Pin::new(&mut self.notifications).poll_next(cx)) {
                Some(Event::Log(message)) => return Poll::Ready(Some(message)),
                Some(_) => {}
                None => return Poll::Ready(None),
            }
        }
    }
}
